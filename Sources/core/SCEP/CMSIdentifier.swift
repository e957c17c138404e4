package import X509

/// Whom a SignerInfo or RecipientInfo names (RFC 5652 §5.3, §6.2.1).
package enum CMSIdentifier: Sendable, Hashable {
    /// Serial numbers are content octets, as `Certificate.serialNumber` holds them.
    case issuerAndSerial(DistinguishedName, serial: [UInt8])
    case keyIdentifier([UInt8])

    /// Whether this can be the certificate's name. Names prove nothing.
    package func names(_ certificate: Certificate) -> Bool {
        switch self {
        case .issuerAndSerial(let issuer, let serial):
            certificate.serialNumber == serial && certificate.issuer.matches(issuer)
        case .keyIdentifier(let identifier): certificate.subjectKeyIdentifier == identifier
        }
    }
}

extension DERCursor {
    /// SignerIdentifier or RecipientIdentifier.
    mutating func readIdentifier() throws(X509Fault) -> CMSIdentifier {
        if nextTag == .contextPrimitive(0) || nextTag == .context(0) {
            return .keyIdentifier(try readOctetString(.contextPrimitive(0)))
        }
        return try readSequence { (inner) throws(X509Fault) in
            .issuerAndSerial(try inner.readName(), serial: try inner.readInteger())
        }
    }

    /// An AlgorithmIdentifier whose parameters are NULL or absent.
    mutating func readBareAlgorithm() throws(X509Fault) -> ObjectIdentifier {
        let (identifier, parameters) = try readAlgorithm()
        guard parameters.isEmpty || parameters == [DERTag.null.rawValue, 0] else {
            throw fault(.unexpectedValue, expected: "no parameters with \(identifier)")
        }
        return identifier
    }
}
