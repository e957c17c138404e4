import Faults
import X509

/// One recipient of an envelope, which has to be a KeyTransRecipientInfo under RSA (RFC 5652 §6.2.1).
enum CMSKeyTransport {
    static func read(_ set: inout DERCursor, _ info: CMSContentInfo) throws -> CMSIdentifier {
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
        guard isAllowed(algorithm, parameters) else {
            throw info.fault(
                .keyEncryptionRefused, expected: "RSA, or RSA-OAEP with SHA-1 or SHA-256 and no label",
                got: algorithm == .rsaOAEP ? "\(algorithm) with other parameters" : "\(algorithm)")
        }
        let key = try recipient.readOctetString()
        // 2048 bytes: RSA of 16384 bits, the largest that libcrypto takes.
        guard (1...2048).contains(key.count) else {
            throw info.fault(
                .keyEncryptionRefused, expected: "an encrypted key of 1 to 2048 bytes", got: "\(key.count)")
        }
        try recipient.finish()
        return identifier
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

    private static func isAllowed(_ algorithm: ObjectIdentifier, _ parameters: [UInt8]) -> Bool {
        switch algorithm {
        case .rsaEncryption: parameters.isEmpty || parameters == [DERTag.null.rawValue, 0]
        case .rsaOAEP: (try? isPlainOAEP(parameters)) ?? false
        default: false
        }
    }

    /// RSAES-OAEP-params (RFC 4055 §4.1): each part may be absent and then is SHA-1, MGF1 with SHA-1, no label.
    private static func isPlainOAEP(_ parameters: [UInt8]) throws(X509Fault) -> Bool {
        let digests: Set<ObjectIdentifier> = [.sha1, .sha256]
        var cursor = try DERCursor(parameters, reading: "the RSA-OAEP parameters", rules: .ber)
        let isPlain = try cursor.readSequence { (inner) throws(X509Fault) in
            var isPlain = true
            if inner.nextTag == .context(0) {
                let digest = try inner.read(.context(0)) { (part) throws(X509Fault) in try part.readBareAlgorithm() }
                isPlain = digests.contains(digest)
            }
            if inner.nextTag == .context(1) {
                let (mask, digest) = try inner.read(.context(1)) { (part) throws(X509Fault) in
                    try part.readSequence { (algorithm) throws(X509Fault) in
                        (try algorithm.readObjectIdentifier(), try algorithm.readBareAlgorithm())
                    }
                }
                isPlain = isPlain && mask == .maskGeneration1 && digests.contains(digest)
            }
            if inner.nextTag == .context(2) {
                let (source, label) = try inner.read(.context(2)) { (part) throws(X509Fault) in
                    try part.readSequence { (algorithm) throws(X509Fault) in
                        (try algorithm.readObjectIdentifier(), try algorithm.readOctetString())
                    }
                }
                isPlain = isPlain && source == .pSpecified && label.isEmpty
            }
            return isPlain
        }
        try cursor.finish()
        return isPlain
    }
}
