package import Faults

/// Why bytes from a server are not the CMS structure that SCEP allows; nothing of them reached libcrypto yet.
package typealias CMSFault = Fault<CMSFaultCode>

/// What is wrong with a CMS structure.
package enum CMSFaultCode: String, FaultCode {
    // Not CMS at all.
    case empty
    case tooLarge = "too-large"
    case html
    case pem
    case base64
    /// Not BER, cut short, or followed by other bytes (V-01).
    case malformed

    // The type of content.
    /// A type that SCEP does not use here.
    case unexpectedContentType = "unexpected-content-type"
    /// AuthEnvelopedData (RFC 5083).
    case authenticatedEnvelope = "authenticated-envelope"
    case encryptedData = "encrypted-data"
    /// Content that is not encrypted.
    case plainData = "plain-data"
    /// SignedData where an envelope has to be: not encrypted either.
    case plainSignedData = "plain-signed-data"
    /// A version that no structure here has.
    case unexpectedVersion = "unexpected-version"

    // SignedData (V-02, V-03).
    /// None, or more than one.
    case signerCount = "signer-count"
    case digestRefused = "digest-refused"
    case signatureAlgorithmRefused = "signature-algorithm-refused"
    /// No signed attributes at all, or contentType or messageDigest is not among them.
    case missingAttribute = "missing-attribute"
    case repeatedAttribute = "repeated-attribute"
    /// No value, several, or one of another ASN.1 type or size.
    case attributeValue = "attribute-value"

    // EnvelopedData (V-11).
    case recipientCount = "recipient-count"
    /// Key agreement, a key-encryption key, a password or another kind, where key transport has to be.
    case recipientKind = "recipient-kind"
    case keyEncryptionRefused = "key-encryption-refused"
    /// How a key is made from a password: another function than PBKDF2, or one that would take too long.
    case keyDerivationRefused = "key-derivation-refused"
    case cipherRefused = "cipher-refused"
    /// A cipher with authentication (GCM, CCM), which belongs into AuthEnvelopedData.
    case authenticatedCipher = "authenticated-cipher"
    case initialisationVector = "initialisation-vector"
    /// No content, or none of whole cipher blocks.
    case contentLength = "content-length"

    // Certificates (V-13).
    /// Signers or content in what has to be certificates only.
    case notDegenerate = "not-degenerate"
    /// None, too many, or something else between them.
    case certificateCount = "certificate-count"
    case certificateKind = "certificate-kind"
}
