import Faults
package import X509

/// An EnvelopedData (RFC 8894 §3.2.2) after V-11 and before it is opened: keys under RSA, or under a password where that was
/// agreed (§3.1); a cipher on the list, whole blocks.
///
/// Key agreement, key wrap and authenticated envelopes lead into code that SCEP never needs, and passwords into work that a
/// stranger would choose the amount of: they are refused here.
package struct CMSEnvelope: Sendable {
    package let cipher: ContentCipher
    /// Whom the content is for, one to eight; none where it is for who knows a password.
    package let recipients: [CMSKeyTransport]
    /// The one recipient who knows a password.
    package let password: CMSPassword?
    /// As long as a block of the cipher.
    package let initialisationVector: [UInt8]
    /// Whole blocks, at least one.
    package let encryptedContent: [UInt8]

    /// Whether a certificate's key may open it.
    package func isFor(_ certificate: Certificate) -> Bool { recipients.contains { $0.recipient.names(certificate) } }

    /// Reads DER or BER of at most 1 MiB.
    ///
    /// - Parameter allowsPassword: the content may be for who knows a password, and then for nobody else.
    package static func admit(
        _ bytes: [UInt8], allowsPassword: Bool = false
    ) throws(CMSFault) -> CMSEnvelope {
        try CMSContentInfo.admit(bytes, reading: "the reply's envelope") { info in
            try requireEnvelope(info)
            var data = try info.readStructure()
            let version = try data.readSmallInteger()
            // originatorInfo: certificates for key agreement, which is refused below.
            _ = try data.nextIf(.context(0))
            var set = try data.inside(try data.next(.set))
            var recipients: [CMSKeyTransport] = []
            var password: CMSPassword?
            if allowsPassword, set.nextTag == .context(3) {
                password = try CMSPassword.read(&set, info)
                guard set.isAtEnd else {
                    throw info.fault(.recipientCount, expected: "a password alone", got: "other recipients beside it")
                }
            }
            while !set.isAtEnd {
                guard recipients.count < 8 else {
                    throw info.fault(.recipientCount, expected: "1 to 8 recipients", got: "more")
                }
                recipients.append(try CMSKeyTransport.read(&set, info))
            }
            guard !recipients.isEmpty || password != nil else {
                throw info.fault(.recipientCount, expected: "1 to 8 recipients", got: "none")
            }
            // After the recipients: those of a kind that is refused bring a version of their own.
            guard version == 0 || version == 2 || (version == 3 && password != nil) else {
                throw info.fault(.unexpectedVersion, expected: "0 or 2, or 3 with a password", got: "\(version)")
            }
            let (cipher, vector, content) = try readContent(&data, info)
            // unprotectedAttrs
            _ = try data.nextIf(.context(1))
            try data.finish()
            return CMSEnvelope(
                cipher: cipher, recipients: recipients, password: password, initialisationVector: vector,
                encryptedContent: content)
        }
    }

    private static func requireEnvelope(_ info: CMSContentInfo) throws {
        let code: CMSFaultCode
        switch info.type {
        case CMSContentType.envelopedData: return
        case CMSContentType.authenticatedEnvelopedData: code = .authenticatedEnvelope
        case CMSContentType.encryptedData: code = .encryptedData
        case CMSContentType.data: code = .plainData
        case CMSContentType.signedData: code = .plainSignedData
        default: code = .unexpectedContentType
        }
        throw info.fault(code, expected: "envelopedData", got: "\(info.type)")
    }

    /// EncryptedContentInfo (RFC 5652 §6.1).
    private static func readContent(
        _ data: inout DERCursor, _ info: CMSContentInfo
    ) throws -> (ContentCipher, vector: [UInt8], content: [UInt8]) {
        var inner = try data.inside(try data.next(.sequence))
        let type = try inner.readObjectIdentifier()
        guard type == CMSContentType.data else {
            throw info.fault(.unexpectedContentType, expected: "encrypted content of type data", got: "\(type)")
        }
        let (identifier, parameters) = try inner.readAlgorithm()
        guard let cipher = ContentCipher(identifier) else {
            let isAuthenticated = isAuthenticated(identifier)
            throw info.fault(
                isAuthenticated ? .authenticatedCipher : .cipherRefused,
                expected: isAuthenticated
                    ? "AES in CBC mode: where step-ca's encryptionAlgorithmIdentifier is 3 or 4, set it to 2"
                    : ContentCipher.allCases.map(\.rawValue).joined(separator: ", "), got: "\(identifier)")
        }
        let vector = try info.readVector(of: cipher, parameters)
        let content = inner.isAtEnd ? [] : try inner.readOctetString(.contextPrimitive(0))
        try inner.finish()
        guard !content.isEmpty, content.count.isMultiple(of: cipher.blockSize) else {
            throw info.fault(
                .contentLength, expected: "whole blocks of \(cipher.blockSize) bytes", got: "\(content.count) bytes")
        }
        return (cipher, vector, content)
    }

    /// AES in GCM or CCM (RFC 5084 §3).
    private static func isAuthenticated(_ identifier: ObjectIdentifier) -> Bool {
        [6, 7, 26, 27, 46, 47].contains { identifier == ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, $0) }
    }
}

extension CMSContentInfo {
    /// The parameters of a cipher in CBC: an initialisation vector of one block.
    func readVector(of cipher: ContentCipher, _ parameters: [UInt8]) throws -> [UInt8] {
        var parameter = try DERCursor(parameters, reading: "the initialisation vector", rules: .ber)
        let vector = parameter.nextTag == .octetString ? try parameter.readOctetString() : []
        guard vector.count == cipher.blockSize, parameter.isAtEnd else {
            throw fault(
                .initialisationVector, expected: "\(cipher.blockSize) bytes for \(cipher.rawValue)",
                got: "other parameters")
        }
        return vector
    }
}

extension ContentCipher {
    init?(_ identifier: ObjectIdentifier) {
        guard let cipher = Self.allCases.first(where: { $0.identifier == identifier }) else { return nil }
        self = cipher
    }

    /// RFC 3565 §4.1, RFC 8018 appendix B.2.
    package var identifier: ObjectIdentifier {
        switch self {
        case .aes128CBC: ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, 2)
        case .aes192CBC: ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, 22)
        case .aes256CBC: ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, 42)
        case .tripleDESCBC: ObjectIdentifier(1, 2, 840, 113549, 3, 7)
        case .desCBC: ObjectIdentifier(1, 3, 14, 3, 2, 7)
        }
    }

    /// Bytes of the key.
    package var keySize: Int {
        switch self {
        case .aes128CBC: 16
        case .aes192CBC, .tripleDESCBC: 24
        case .aes256CBC: 32
        case .desCBC: 8
        }
    }

    /// Bytes of a block, and of the initialisation vector.
    package var blockSize: Int {
        switch self {
        case .aes128CBC, .aes192CBC, .aes256CBC: 16
        case .tripleDESCBC, .desCBC: 8
        }
    }
}
