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
    /// Whether the signature rests on MD2, MD5 or SHA-1, where forgeries are in reach.
    package let hasWeakSignature: Bool
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

    /// Most bytes that a certificate may have.
    package static let limit = 64 * 1024

    package static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

extension Certificate {
    /// The serial number as upper-case hexadecimal digits without sign octet, as `openssl x509 -serial` prints it.
    package var serialHex: String {
        Hexadecimal.string(serialNumber.count > 1 && serialNumber[0] == 0 ? serialNumber[1...] : serialNumber[...])
    }

    /// Whether issuer and subject are the same name (RFC 5280 §3.2). Says nothing about the signature.
    package var isSelfIssued: Bool { issuer.matches(subject) }

    /// PEM, with a line end at its end.
    package var pem: [UInt8] { PEM.encode(der, label: PEM.certificateLabel) }

    /// Whether `time` lies within notBefore and notAfter, both included.
    package func isValid(at time: Date) -> Bool { notBefore <= time && time <= notAfter }
}

/// What a public key is, as far as strength and use are concerned.
package enum PublicKeyKind: Sendable, Hashable {
    case rsa(bits: Int, exponentIsSane: Bool)
    case ellipticCurve(ObjectIdentifier)
    case other(ObjectIdentifier)

    /// Whether a message can be encrypted to the key, as SCEP does it (RFC 8894 §3.1).
    package var receives: Bool {
        if case .rsa = self { true } else { false }
    }

    /// RSA of 2048 bits or more with a sane exponent, the NIST curves from P-256 on, Ed25519 and Ed448.
    package var isStrong: Bool {
        switch self {
        case .rsa(let bits, let exponentIsSane): bits >= 2048 && exponentIsSane
        case .ellipticCurve(let curve): [.p256, .p384, .p521].contains(curve)
        case .other(let algorithm): [.ed25519, .ed448].contains(algorithm)
        }
    }
}

extension PublicKeyKind: CustomStringConvertible {
    /// "RSA 2048", "EC P-256", or an identifier.
    package var description: String {
        switch self {
        case .rsa(let bits, _): "RSA \(bits)"
        case .ellipticCurve(.p256): "EC P-256"
        case .ellipticCurve(.p384): "EC P-384"
        case .ellipticCurve(.p521): "EC P-521"
        case .ellipticCurve(let curve): "EC \(curve)"
        case .other(.ed25519): "Ed25519"
        case .other(.ed448): "Ed448"
        case .other(let algorithm): "\(algorithm)"
        }
    }
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
