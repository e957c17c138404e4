/// What the issuingDistributionPoint says a CRL covers (RFC 5280 §5.2.5).
package struct RevocationListScope: Sendable, Hashable {
    /// URIs of the distribution point's fullName; a certificate has to name one of them to be covered.
    package var urls: [String] = []
    /// It is for a distribution point that has a name, but no URI.
    package var hasOtherName = false
    package var onlyUserCertificates = false
    package var onlyAuthorityCertificates = false
    package var onlyAttributeCertificates = false
    package var onlySomeReasons = false
    /// Entries may belong to other issuers.
    package var isIndirect = false
}

/// The extensions of a CRL that decisions need.
struct RevocationListExtensions {
    var scope: RevocationListScope?
    var unsupportedCritical: ObjectIdentifier?
    var authorityKeyIdentifier: [UInt8]?

    /// Takes one extension for what it says.
    mutating func take(_ identifier: ObjectIdentifier, isCritical: Bool, _ value: [UInt8]) throws(X509Fault) {
        switch identifier {
        case .issuingDistributionPoint: scope = try Self.scope(value)
        case .authorityKeyIdentifier:
            var cursor = try DERCursor(value, reading: "an extension of the revocation list")
            authorityKeyIdentifier = try cursor.readAuthorityKeyIdentifier()
            try cursor.finish()
        default: if isCritical { unsupportedCritical = unsupportedCritical ?? identifier }
        }
    }

    private static func scope(_ value: [UInt8]) throws(X509Fault) -> RevocationListScope {
        var cursor = try DERCursor(value, reading: "the issuing distribution point")
        var scope = RevocationListScope()
        try cursor.readSequence { (inner) throws(X509Fault) in
            while !inner.isAtEnd {
                let element = try inner.next()
                let isSet = element.content.count == 1 && inner.bytes[element.content.lowerBound] != 0
                switch element.tag {
                case .context(0):
                    scope.urls = try inner.inside(element).fullNameURLs()
                    scope.hasOtherName = scope.urls.isEmpty
                case .contextPrimitive(1): scope.onlyUserCertificates = isSet
                case .contextPrimitive(2): scope.onlyAuthorityCertificates = isSet
                case .contextPrimitive(3): scope.onlySomeReasons = true
                case .contextPrimitive(4): scope.isIndirect = isSet
                case .contextPrimitive(5): scope.onlyAttributeCertificates = isSet
                default: throw inner.fault(.unexpectedTag, got: "\(element.tag)", at: element.whole.lowerBound)
                }
            }
        }
        try cursor.finish()
        return scope
    }
}
