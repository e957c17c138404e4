import Faults
package import X509

/// A CertRep's SignedData after V-01 to V-03 and before its signature is looked at: its structure is one that SCEP
/// allows, and nothing in it is believed yet.
package struct CMSSignedMessage: Sendable {
    package let digest: DigestAlgorithm
    /// Whom the message names as its signer.
    package let signer: CMSIdentifier
    /// The SCEP attributes; an absent one is nil. Text is printable ASCII, no longer than 256 characters.
    package let messageType: String?
    package let pkiStatus: String?
    package let failInfo: String?
    /// For people only: at most 200 characters, all printable.
    package let failInfoText: String?
    package let transactionID: String?
    package let senderNonce: [UInt8]?
    package let recipientNonce: [UInt8]?
    /// nil where eContent is absent; one of no bytes is empty.
    package let content: [UInt8]?
    /// DER of the certificates that the message carries, at most 16; material for chains and nothing else.
    package let certificates: [[UInt8]]

    /// Reads DER or BER of at most 1 MiB.
    package static func admit(_ bytes: [UInt8]) throws(CMSFault) -> CMSSignedMessage {
        try CMSContentInfo.admit(bytes, reading: "the server's reply") { info in
            let data = try CMSSignedData(reading: &info, certificateLimit: 16)
            var signers = data.signers
            guard !signers.isAtEnd else { throw info.fault(.signerCount, expected: "one signer", got: "none") }
            var signer = try signers.inside(try signers.next(.sequence))
            guard signers.isAtEnd else { throw info.fault(.signerCount, expected: "one signer", got: "several") }
            return try CMSSignedMessage(data, &signer, info)
        }
    }

    /// Reads the SignerInfo (RFC 5652 §5.3).
    private init(_ data: CMSSignedData, _ signer: inout DERCursor, _ info: CMSContentInfo) throws {
        let version = try signer.readSmallInteger()
        guard version == 1 || version == 3 else {
            throw info.fault(.unexpectedVersion, expected: "1 or 3", got: "\(version)")
        }
        self.signer = try signer.readIdentifier()
        let digestIdentifier = try signer.readBareAlgorithm()
        guard let digest = DigestAlgorithm(digestIdentifier) else {
            throw info.fault(.digestRefused, expected: "SHA-1 or SHA-2", got: "\(digestIdentifier)")
        }
        guard let signed = try signer.nextIf(.context(0)) else {
            throw info.fault(.missingAttribute, expected: "signed attributes", got: "none")
        }
        let attributes = try CMSSignedAttributes(reading: signer.inside(signed), digest: digest, info)
        let (algorithm, parameters) = try signer.readAlgorithm()
        guard try digest.isUsed(by: algorithm, parameters) else {
            throw info.fault(
                .signatureAlgorithmRefused, expected: "RSA or ECDSA with \(digest.rawValue)", got: "\(algorithm)")
        }
        _ = try signer.readOctetString()
        // Unsigned attributes: anybody could have put them there.
        _ = try signer.nextIf(.context(1))
        try signer.finish()

        self.digest = digest
        messageType = attributes.texts[AttributeType.messageType]
        pkiStatus = attributes.texts[AttributeType.pkiStatus]
        failInfo = attributes.texts[AttributeType.failInfo]
        transactionID = attributes.texts[AttributeType.transactionID]
        failInfoText = attributes.failInfoText
        senderNonce = attributes.octets[AttributeType.senderNonce]
        recipientNonce = attributes.octets[AttributeType.recipientNonce]
        content = data.content
        certificates = data.certificates
    }
}

extension DigestAlgorithm {
    init?(_ identifier: ObjectIdentifier) {
        switch identifier {
        case .sha1: self = .sha1
        case .sha256: self = .sha256
        case .sha384: self = .sha384
        case .sha512: self = .sha512
        default: return nil
        }
    }

    /// RFC 5754 §2, RFC 3370 §2.1.
    package var identifier: ObjectIdentifier {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }

    /// Bytes of a digest.
    var size: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Whether a signature algorithm is one that SCEP uses, and over this digest.
    fileprivate func isUsed(by algorithm: ObjectIdentifier, _ parameters: [UInt8]) throws(X509Fault) -> Bool {
        switch algorithm {
        case .rsaEncryption: true
        case .rsaPSS: try DigestAlgorithm(SignatureAlgorithm.pssDigest(parameters)) == self
        case .sha1WithRSA, .sha1WithRSAOIW, .ecdsaWithSHA1: self == .sha1
        case .sha256WithRSA, .ecdsaWithSHA256: self == .sha256
        case .sha384WithRSA, .ecdsaWithSHA384: self == .sha384
        case .sha512WithRSA, .ecdsaWithSHA512: self == .sha512
        default: false
        }
    }
}
