/// The AlgorithmIdentifier of a signature.
package struct SignatureAlgorithm: Sendable, Hashable {
    package let identifier: ObjectIdentifier
    /// Whole element; empty where absent.
    package let parameters: [UInt8]
    /// Whether the signature rests on MD2, MD5 or SHA-1.
    package let isWeak: Bool

    private static let weak: Set<ObjectIdentifier> = [
        .md2WithRSA, .md5WithRSA, .sha1WithRSA, .sha1WithRSAOIW, .dsaWithSHA1, .ecdsaWithSHA1,
    ]

    fileprivate init(identifier: ObjectIdentifier, parameters: [UInt8]) throws(X509Fault) {
        self.identifier = identifier
        self.parameters = parameters
        isWeak =
            identifier == .rsaPSS
            ? try Self.pssDigest(parameters) == .sha1 : Self.weak.contains(identifier)
    }

    /// hashAlgorithm of RSASSA-PSS-params, which is SHA-1 where absent (RFC 8017 appendix A.2.3).
    package static func pssDigest(_ parameters: [UInt8]) throws(X509Fault) -> ObjectIdentifier {
        guard !parameters.isEmpty else { return .sha1 }
        var cursor = try DERCursor(parameters, reading: "the RSA-PSS parameters", rules: .ber)
        var inner = try cursor.inside(try cursor.next(.sequence))
        guard let tagged = try inner.nextIf(.context(0)) else { return .sha1 }
        var explicit = try inner.inside(tagged)
        var algorithm = try explicit.inside(try explicit.next(.sequence))
        return try algorithm.readObjectIdentifier()
    }
}

extension DERCursor {
    package mutating func readSignatureAlgorithm() throws(X509Fault) -> SignatureAlgorithm {
        let (identifier, parameters) = try readAlgorithm()
        return try SignatureAlgorithm(identifier: identifier, parameters: parameters)
    }

    /// An AlgorithmIdentifier: its OID, and its parameters as a whole element, empty where absent.
    package mutating func readAlgorithm() throws(X509Fault) -> (identifier: ObjectIdentifier, parameters: [UInt8]) {
        try readSequence { (inner) throws(X509Fault) in
            let identifier = try inner.readObjectIdentifier()
            guard !inner.isAtEnd else { return (identifier, []) }
            return (identifier, inner.encoding(of: try inner.next()))
        }
    }
}
