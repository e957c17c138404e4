/// What certificates and revocation lists have in common (RFC 5280 §4.1 and §5.1).
extension DERCursor {
    /// Reads SIGNED{…}, strict DER, with nothing after it; the signature is somebody else's to check.
    ///
    /// - Returns: the inside of what is signed, and the algorithm that stands beside the signature.
    static func signed(
        _ der: [UInt8], reading subject: StaticString, limit: Int
    ) throws(X509Fault) -> (body: DERCursor, algorithm: SignatureAlgorithm) {
        var outer = try DERCursor(der, reading: subject, limits: DERLimits(bytes: limit))
        var signed = try outer.inside(try outer.next(.sequence))
        try outer.finish()
        let body = try signed.inside(try signed.next(.sequence))
        let algorithm = try signed.readSignatureAlgorithm()
        _ = try signed.readBitString()
        try signed.finish()
        return (body, algorithm)
    }

    /// Reads the algorithm that is signed, too, so that nobody can exchange the one beside the signature (§4.1.2.3).
    mutating func readSignatureAlgorithm(again algorithm: SignatureAlgorithm) throws(X509Fault) {
        guard try readSignatureAlgorithm() == algorithm else {
            throw fault(.unexpectedValue, expected: "the same signature algorithm twice")
        }
    }

    /// Reads Extensions in their explicit tag, if they are there: at most 64, each once (§4.2).
    mutating func readExtensions(
        _ tag: DERTag,
        _ take: (_ identifier: ObjectIdentifier, _ isCritical: Bool, _ value: [UInt8]) throws(X509Fault) -> Void
    ) throws(X509Fault) {
        guard let tagged = try nextIf(tag) else { return }
        var inner = try inside(tagged)
        var list = try inner.inside(try inner.next(.sequence))
        var seen: Set<ObjectIdentifier> = []
        while !list.isAtEnd {
            guard seen.count < 64 else { throw list.fault(.limitExceeded, expected: "at most 64 extensions") }
            let (identifier, isCritical, value) = try list.readExtension()
            guard seen.insert(identifier).inserted else {
                throw list.fault(.unexpectedValue, expected: "each extension once", got: "\(identifier) twice")
            }
            try take(identifier, isCritical, value)
        }
        try inner.finish()
    }

    /// One Extension: identifier, whether it is critical, and the octets of its value.
    mutating func readExtension() throws(X509Fault) -> (ObjectIdentifier, isCritical: Bool, value: [UInt8]) {
        try readSequence { (inner) throws(X509Fault) in
            let identifier = try inner.readObjectIdentifier()
            let isCritical = inner.nextTag == .boolean ? try inner.readBoolean() : false
            return (identifier, isCritical, try inner.readOctetString())
        }
    }

    /// The keyIdentifier of an AuthorityKeyIdentifier (§4.2.1.1); nil where issuer and serial number stand instead.
    mutating func readAuthorityKeyIdentifier() throws(X509Fault) -> [UInt8]? {
        var inner = try inside(try next(.sequence))
        return try inner.nextIf(.contextPrimitive(0)).map { inner.content(of: $0) }
    }
}
