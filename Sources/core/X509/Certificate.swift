package import FoundationEssentials

/// An X.509 certificate (RFC 5280 §4.1) as a value: the DER it came from and the fields that decisions need.
///
/// Equality is equality of DER. Nothing here checks a signature.
package struct Certificate: Sendable, Hashable {
    /// The whole certificate, DER.
    package let der: [UInt8]
    /// Content octets of the serial number, as encoded (big-endian, two's complement).
    package let serialNumber: [UInt8]
    /// OID of the signature's algorithm.
    package let signatureAlgorithm: ObjectIdentifier
    package let issuer: DistinguishedName
    package let subject: DistinguishedName
    package let notBefore: Date
    package let notAfter: Date
    /// DER SubjectPublicKeyInfo.
    package let publicKeyInfo: [UInt8]
    package let publicKey: PublicKeyKind
    /// basicConstraints cA (RFC 5280 §4.2.1.9).
    package let isAuthority: Bool
    /// nil where the extension is absent, which allows every use.
    package let keyUsage: KeyUsage?
    /// nil where the extension is absent.
    package let extendedKeyUsage: [ObjectIdentifier]?
    package let alternativeNames: [GeneralName]
    /// fullName URIs of the CRL distribution points, in their order (RFC 5280 §4.2.1.13).
    package let revocationListURLs: [String]
    package let subjectKeyIdentifier: [UInt8]?
    package let authorityKeyIdentifier: [UInt8]?

    package static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

/// What a public key is, as far as strength and use are concerned.
package enum PublicKeyKind: Sendable, Hashable {
    case rsa(bits: Int, exponentIsSane: Bool)
    case ellipticCurve(ObjectIdentifier)
    case other(ObjectIdentifier)
}

/// keyUsage bits (RFC 5280 §4.2.1.3).
package struct KeyUsage: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let digitalSignature = KeyUsage(rawValue: 1 << 0)
    package static let nonRepudiation = KeyUsage(rawValue: 1 << 1)
    package static let keyEncipherment = KeyUsage(rawValue: 1 << 2)
    package static let dataEncipherment = KeyUsage(rawValue: 1 << 3)
    package static let keyAgreement = KeyUsage(rawValue: 1 << 4)
    package static let keyCertSign = KeyUsage(rawValue: 1 << 5)
    package static let crlSign = KeyUsage(rawValue: 1 << 6)
}

/// The kinds of subjectAltName that Signet asks for or compares (RFC 5280 §4.2.1.6).
package enum GeneralName: Sendable, Hashable {
    case dns(String)
    case email(String)
    case uri(String)
    case ipAddress([UInt8])
    /// Any other kind, as its DER.
    case other([UInt8])
}
