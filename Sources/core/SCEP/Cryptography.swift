package import FoundationEssentials
package import Secrets
package import X509

/// What the exchange needs of a cryptographic library. A port: OpenSSL implements it; tests may replace it.
///
/// Every method is one synchronous operation that touches neither network nor disk; `generateKey` can take seconds,
/// so callers run the port off the cooperative pool. Private keys are PKCS#8 PEM in a `Secret`. Methods throw
/// `CryptographyFault`.
package protocol Cryptography: Sendable {
    /// SHA-256 of the bytes, 32 bytes.
    func sha256(_ bytes: [UInt8]) -> [UInt8]

    /// Fresh random bytes from the library's generator.
    func randomBytes(_ count: Int) throws -> [UInt8]

    /// A new private key as PKCS#8 PEM.
    func generateKey(_ kind: KeyKind) throws -> Secret

    /// The DER SubjectPublicKeyInfo that belongs to a private key.
    func publicKeyInfo(of key: Secret) throws -> [UInt8]

    /// A certificate that carries the key's own signature, for the transaction only (RFC 8894 §2.3): v3, random
    /// positive serial, subject = issuer, critical keyUsage digitalSignature, and keyEncipherment for an RSA key; never a
    /// CA.
    ///
    /// - Parameters:
    ///   - subject: DER of the Name.
    ///   - digest: what an RSA key signs with.
    func selfSignedCertificate(
        subject: [UInt8], key: Secret, notBefore: Date, notAfter: Date, digest: DigestAlgorithm
    ) throws -> [UInt8]

    /// A PKCS#10 request, DER. It is a secret where it carries a challengePassword (RFC 2985 §5.4.1).
    func certificationRequest(_ content: RequestContent, key: Secret, challenge: Secret?) throws -> Secret

    /// DER ContentInfo of EnvelopedData with exactly one KeyTransRecipientInfo (issuerAndSerialNumber).
    func envelop(_ content: Secret, to recipient: Certificate, cipher: ContentCipher) throws -> [UInt8]

    /// DER ContentInfo of EnvelopedData for who knows the password: one PasswordRecipientInfo with PBKDF2, HMAC-SHA-256 and
    /// `CMSPassword.iterations`, and a key that AES-128 wraps (RFC 8894 §3.1, RFC 5652 §6.2.4).
    func envelop(_ content: Secret, password: Secret, cipher: ContentCipher) throws -> [UInt8]

    /// DER ContentInfo of SignedData over `content` (eContentType data), one signer, only the signer's certificate
    /// embedded, and `attributes` beside contentType, messageDigest and signingTime.
    func sign(
        _ content: [UInt8], attributes: [SignedAttribute], signer: Certificate, key: Secret, digest: DigestAlgorithm
    ) throws -> [UInt8]

    /// Checks the one signature on a SignedData (DER or BER, content attached or absent) with a key from `signers`
    /// only; certificates inside the message are never used (V-04, V-05).
    ///
    /// - Returns: the signer, one of `signers`. Throws `.signatureInvalid` or `.signerUnknown`.
    func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate

    /// Decrypts an EnvelopedData for `recipient`, whose private key is `key` (V-12).
    ///
    /// - Parameter legacyCiphers: single DES may be used; in a library context of its own.
    func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8]

    /// Decrypts an EnvelopedData for who knows the password.
    func openEnvelope(_ envelopedData: [UInt8], password: Secret, legacyCiphers: Bool) throws -> [UInt8]

    /// Whether `issuer`'s key made the signature on `certificate`. Nothing else is looked at.
    func isSignature(of certificate: Certificate, madeBy issuer: Certificate) -> Bool

    /// Whether `issuer`'s key made the signature on a CRL (DER).
    func isSignature(ofRevocationList der: [UInt8], madeBy issuer: Certificate) -> Bool

    /// Builds and checks a path from `leaf` to any of `anchors` at the given time (RFC 5280 §6), partial chains
    /// allowed: an anchor may be an intermediate. SHA-1 and RSA below 2048 are refused below the anchor. Any
    /// extended key usage passes: who asks decides about purpose.
    ///
    /// - Returns: the path, leaf first, the anchor last.
    func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate]
}

/// What a key is made as.
package enum KeyKind: Sendable, Equatable, Hashable {
    /// RSA with 2048, 3072 or 4096 bits.
    case rsa(bits: Int)
    /// It signs, and nothing can be encrypted to it.
    case ec(NamedCurve)

    /// What a transport key is made as: the least that is sound, for the length of a transaction.
    package static let transport = KeyKind.rsa(bits: 2048)

    /// Whether a reply can be encrypted to such a key (RFC 8894 §3.1).
    package var receives: Bool {
        switch self {
        case .rsa: true
        case .ec: false
        }
    }
}

/// What goes into a PKCS#10 request beside key and challenge.
package struct RequestContent: Sendable, Equatable {
    /// DER of the subject Name.
    package let subject: [UInt8]
    /// Requested subjectAltName entries; none leaves the extension out.
    package let alternativeNames: [GeneralName]
    /// Whether a challenge is a UTF8String even where it could be a PrintableString, which RFC 2985 §5.4.1 prefers.
    package let hasUTF8Challenge: Bool
    /// What an RSA key signs the request with.
    package internal(set) var digest = DigestAlgorithm.sha256

    package init(subject: [UInt8], alternativeNames: [GeneralName], hasUTF8Challenge: Bool = false) {
        self.subject = subject
        self.alternativeNames = alternativeNames
        self.hasUTF8Challenge = hasUTF8Challenge
    }
}

/// One SCEP attribute to sign (RFC 8894 §3.2.1).
package struct SignedAttribute: Sendable, Equatable {
    /// The two ASN.1 types that SCEP attributes have.
    package enum Value: Sendable, Equatable {
        case printableString(String)
        case octetString([UInt8])
    }
    package let type: ObjectIdentifier
    package let value: Value

    package init(type: ObjectIdentifier, value: Value) {
        self.type = type
        self.value = value
    }
}

/// Content encryption. Requests are in AES-128, or where root allows it in 3DES; replies may use more (`ServerPolicy`).
package enum ContentCipher: String, Sendable, Equatable, CaseIterable {
    case aes128CBC = "AES-128-CBC"
    case aes192CBC = "AES-192-CBC"
    case aes256CBC = "AES-256-CBC"
    case tripleDESCBC = "3DES-CBC"
    case desCBC = "DES-CBC"
}

/// Digests of signatures.
package enum DigestAlgorithm: String, Sendable, Equatable, CaseIterable {
    case sha1 = "SHA-1"
    case sha256 = "SHA-256"
    case sha384 = "SHA-384"
    case sha512 = "SHA-512"
}
