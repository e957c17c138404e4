import Faults
import X509

/// One recipient of an envelope, which has to be a KeyTransRecipientInfo under RSA (RFC 5652 §6.2.1).
package struct CMSKeyTransport: Sendable {
    /// How RSA wraps the content key.
    package enum Padding: Sendable, Equatable {
        case pkcs1
        /// No label; the digest of the mask may be another (RFC 4055 §4.1).
        case oaep(digest: DigestAlgorithm, mask: DigestAlgorithm)
    }

    package let recipient: CMSIdentifier
    package let padding: Padding
    /// 1 to 2048 bytes.
    package let wrappedKey: [UInt8]

    static func read(_ set: inout DERCursor, _ info: CMSContentInfo) throws -> CMSKeyTransport {
        guard set.nextTag == .sequence else {
            throw info.fault(.recipientKind, expected: "RSA key transport", got: kind(set.nextTag))
        }
        var recipient = try set.inside(try set.next(.sequence))
        let version = try recipient.readSmallInteger()
        guard version == 0 || version == 2 else {
            throw info.fault(.unexpectedVersion, expected: "0 or 2", got: "\(version)")
        }
        let identifier = try recipient.readIdentifier()
        let (algorithm, parameters) = try recipient.readAlgorithm()
        guard let padding = padding(algorithm, parameters) else {
            throw info.fault(
                .keyEncryptionRefused, expected: "RSA, or RSA-OAEP with SHA-1 or SHA-2 and no label",
                got: algorithm == .rsaOAEP ? "\(algorithm) with other parameters" : "\(algorithm)")
        }
        let key = try recipient.readOctetString()
        // 2048 bytes: RSA of 16384 bits, the largest that libcrypto takes.
        guard (1...2048).contains(key.count) else {
            throw info.fault(
                .keyEncryptionRefused, expected: "an encrypted key of 1 to 2048 bytes", got: "\(key.count)")
        }
        try recipient.finish()
        return CMSKeyTransport(recipient: identifier, padding: padding, wrappedKey: key)
    }

    private static func kind(_ tag: DERTag?) -> String {
        switch tag {
        case DERTag.context(1)?: "key agreement"
        case DERTag.context(2)?: "a key-encryption key"
        case DERTag.context(3)?: "a password"
        case DERTag.context(4)?: "another kind of recipient"
        default: tag.map { "\($0)" } ?? "nothing"
        }
    }

    private static func padding(_ algorithm: ObjectIdentifier, _ parameters: [UInt8]) -> Padding? {
        switch algorithm {
        case .rsaEncryption: parameters.isEmpty || parameters == [DERTag.null.rawValue, 0] ? .pkcs1 : nil
        case .rsaOAEP: (try? plainOAEP(parameters)) ?? nil
        default: nil
        }
    }

    /// RSAES-OAEP-params (RFC 4055 §4.1): each part may be absent and then is SHA-1, MGF1 with SHA-1, no label.
    private static func plainOAEP(_ parameters: [UInt8]) throws(X509Fault) -> Padding? {
        var cursor = try DERCursor(parameters, reading: "the RSA-OAEP parameters", rules: .ber)
        let padding = try cursor.readSequence { (inner) throws(X509Fault) -> Padding? in
            var digest: DigestAlgorithm? = .sha1
            var mask: DigestAlgorithm? = .sha1
            var isPlain = true
            if inner.nextTag == .context(0) {
                digest = try inner.read(.context(0)) { (part) throws(X509Fault) in try part.readOAEPDigest() }
            }
            if inner.nextTag == .context(1) {
                mask = try inner.read(.context(1)) { (part) throws(X509Fault) in
                    try part.readSequence { (algorithm) throws(X509Fault) in
                        let isMask = try algorithm.readObjectIdentifier() == .maskGeneration1
                        let digest = try algorithm.readOAEPDigest()
                        return isMask ? digest : nil
                    }
                }
            }
            if inner.nextTag == .context(2) {
                isPlain = try inner.read(.context(2)) { (part) throws(X509Fault) in
                    try part.readSequence { (algorithm) throws(X509Fault) in
                        let isLabel = try algorithm.readObjectIdentifier() == .pSpecified
                        return try algorithm.readOctetString().isEmpty && isLabel
                    }
                }
            }
            guard let digest, let mask, isPlain else { return nil }
            return .oaep(digest: digest, mask: mask)
        }
        try cursor.finish()
        return padding
    }
}

extension DERCursor {
    fileprivate mutating func readOAEPDigest() throws(X509Fault) -> DigestAlgorithm? {
        switch try readBareAlgorithm() {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        default: nil
        }
    }
}
