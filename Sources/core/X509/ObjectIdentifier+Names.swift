/// Identifiers that certificates and their users name.
extension ObjectIdentifier {
    // Extended key usage (RFC 5280 §4.2.1.12).
    package static let anyExtendedKeyUsage = ObjectIdentifier(2, 5, 29, 37, 0)
    package static let serverAuth = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 1)
    package static let clientAuth = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 2)
    package static let emailProtection = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 4)
    /// id-kp-cmcRA (RFC 6402 §2.10): a registration authority.
    package static let registrationAuthority = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 28)
    /// Microsoft's Certificate Request Agent, which NDES uses for its registration authority.
    package static let certificateRequestAgent = ObjectIdentifier(1, 3, 6, 1, 4, 1, 311, 20, 2, 1)

    // Public keys (RFC 3279 §2.3, RFC 5480, RFC 8410).
    package static let rsaEncryption = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 1)
    package static let ecPublicKey = ObjectIdentifier(1, 2, 840, 10045, 2, 1)
    package static let p256 = ObjectIdentifier(1, 2, 840, 10045, 3, 1, 7)
    package static let p384 = ObjectIdentifier(1, 3, 132, 0, 34)
    package static let p521 = ObjectIdentifier(1, 3, 132, 0, 35)
    package static let ed25519 = ObjectIdentifier(1, 3, 101, 112)
    package static let ed448 = ObjectIdentifier(1, 3, 101, 113)

    // Digests.
    package static let md5 = ObjectIdentifier(1, 2, 840, 113549, 2, 5)
    package static let sha1 = ObjectIdentifier(1, 3, 14, 3, 2, 26)
    package static let sha224 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 4)
    package static let sha256 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 1)
    package static let sha384 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 2)
    package static let sha512 = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 2, 3)

    // Signatures (RFC 8017 appendix A.2, RFC 5758).
    package static let md2WithRSA = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 2)
    package static let md5WithRSA = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 4)
    package static let sha1WithRSA = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 5)
    /// sha1WithRSASignature of the OIW, which old Microsoft software writes.
    package static let sha1WithRSAOIW = ObjectIdentifier(1, 3, 14, 3, 2, 29)
    package static let rsaOAEP = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 7)
    package static let maskGeneration1 = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 8)
    package static let pSpecified = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 9)
    package static let rsaPSS = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 10)
    package static let sha256WithRSA = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 11)
    package static let sha384WithRSA = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 12)
    package static let sha512WithRSA = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 13)
    package static let dsaWithSHA1 = ObjectIdentifier(1, 2, 840, 10040, 4, 3)
    /// PBKDF2 (RFC 8018 appendix A.2).
    package static let pbkdf2 = ObjectIdentifier(1, 2, 840, 113549, 1, 5, 12)
    /// id-alg-PWRI-KEK (RFC 3370 §4.4.1).
    package static let passwordKeyWrap = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 16, 3, 9)
    package static let ecdsaWithSHA1 = ObjectIdentifier(1, 2, 840, 10045, 4, 1)
    package static let ecdsaWithSHA256 = ObjectIdentifier(1, 2, 840, 10045, 4, 3, 2)
    package static let ecdsaWithSHA384 = ObjectIdentifier(1, 2, 840, 10045, 4, 3, 3)
    package static let ecdsaWithSHA512 = ObjectIdentifier(1, 2, 840, 10045, 4, 3, 4)

    // Content types of CMS, and attributes of what is signed (RFC 5652 §4, §5.1, §11).
    package static let cmsData = ObjectIdentifier(1, 2, 840, 113549, 1, 7, 1)
    package static let cmsEnvelopedData = ObjectIdentifier(1, 2, 840, 113549, 1, 7, 3)
    package static let cmsSignedData = ObjectIdentifier(1, 2, 840, 113549, 1, 7, 2)
    package static let contentType = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 3)
    package static let messageDigest = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 4)
    package static let signingTime = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 5)

    // Attributes of a request (RFC 2985 §5.4).
    package static let challengePassword = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 7)
    package static let extensionRequest = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 14)

    // Extensions (RFC 5280 §4.2.1, §5.2).
    package static let subjectKeyIdentifier = ObjectIdentifier(2, 5, 29, 14)
    package static let keyUsage = ObjectIdentifier(2, 5, 29, 15)
    package static let subjectAlternativeName = ObjectIdentifier(2, 5, 29, 17)
    package static let basicConstraints = ObjectIdentifier(2, 5, 29, 19)
    package static let issuingDistributionPoint = ObjectIdentifier(2, 5, 29, 28)
    package static let revocationListDistributionPoints = ObjectIdentifier(2, 5, 29, 31)
    package static let authorityKeyIdentifier = ObjectIdentifier(2, 5, 29, 35)
    package static let extendedKeyUsage = ObjectIdentifier(2, 5, 29, 37)
}
