/// The extensions of a certificate that decisions need (RFC 5280 §4.2.1); others are counted and skipped.
struct CertificateExtensions {
    var isAuthority = false
    var keyUsage: KeyUsage?
    var extendedKeyUsage: [ObjectIdentifier]?
    var alternativeNames: [GeneralName] = []
    var revocationListURLs: [String] = []
    var subjectKeyIdentifier: [UInt8]?
    var authorityKeyIdentifier: [UInt8]?

    /// Takes one extension for what it says.
    mutating func take(_ identifier: ObjectIdentifier, _ value: [UInt8]) throws(X509Fault) {
        var cursor = try DERCursor(value, reading: "an extension of the certificate")
        switch identifier {
        case .basicConstraints:
            isAuthority = try cursor.readSequence { (inner) throws(X509Fault) in
                let isAuthority = inner.nextTag == .boolean ? try inner.readBoolean() : false
                if !inner.isAtEnd { _ = try inner.readSmallInteger() }
                return isAuthority
            }
        case .keyUsage:
            keyUsage = KeyUsage(rawValue: try cursor.readNamedBits())
        case .extendedKeyUsage:
            extendedKeyUsage = try cursor.readSequence { (inner) throws(X509Fault) in
                var usages: [ObjectIdentifier] = []
                while !inner.isAtEnd {
                    guard usages.count < 64 else { throw inner.fault(.limitExceeded, expected: "at most 64 usages") }
                    usages.append(try inner.readObjectIdentifier())
                }
                return usages
            }
        case .subjectAlternativeName:
            alternativeNames = try cursor.readGeneralNames()
        case .revocationListDistributionPoints:
            revocationListURLs = try cursor.readDistributionPoints()
        case .subjectKeyIdentifier:
            subjectKeyIdentifier = try cursor.readOctetString()
        case .authorityKeyIdentifier:
            authorityKeyIdentifier = try cursor.readAuthorityKeyIdentifier()
        default:
            return
        }
        try cursor.finish()
    }
}

extension DERCursor {
    /// CRLDistributionPoints: the URIs of all fullNames, at most 64 points.
    fileprivate mutating func readDistributionPoints() throws(X509Fault) -> [String] {
        try readSequence { (list) throws(X509Fault) in
            var urls: [String] = []
            var count = 0
            while !list.isAtEnd {
                count += 1
                guard count <= 64 else { throw list.fault(.limitExceeded, expected: "at most 64 distribution points") }
                var point = try list.inside(try list.next(.sequence))
                guard let name = try point.nextIf(.context(0)) else { continue }
                urls += try point.inside(name).fullNameURLs()
            }
            return urls
        }
    }

    /// The URIs of a DistributionPointName, read from its inside; none where it is relative to the issuer.
    func fullNameURLs() throws(X509Fault) -> [String] {
        var cursor = self
        guard let fullName = try cursor.nextIf(.context(0)) else { return [] }
        var names = try cursor.inside(fullName)
        return try names.readGeneralNamesToEnd().compactMap { if case .uri(let url) = $0 { url } else { nil } }
    }
}
