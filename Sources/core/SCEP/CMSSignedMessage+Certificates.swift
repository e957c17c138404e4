import X509

extension CMSSignedMessage {
    /// The same SignedData without the certificates and revocation lists that travel in it, which nobody signed: whoever
    /// verifies it has certificates of their own, and libcrypto would decode each of these first, key and all.
    ///
    /// - Throws: `CMSFault` where this is no SignedData; nothing but its outer parts is looked at.
    package static func withoutCertificates(_ bytes: [UInt8]) throws(CMSFault) -> [UInt8] {
        try CMSContentInfo.admit(bytes, reading: "a signed message") { info in
            guard info.type == CMSContentType.signedData else {
                throw info.fault(.unexpectedContentType, expected: "signedData", got: "\(info.type)")
            }
            var data = try info.readStructure()
            // version, digestAlgorithms and encapContentInfo (RFC 5652 §5.1).
            var kept: [UInt8] = []
            for tag in [DERTag.integer, .set, .sequence] { kept += data.encoding(of: try data.next(tag)) }
            for tag in [DERTag.context(0), .context(1)] { _ = try data.nextIf(tag) }
            kept += data.encoding(of: try data.next(.set))
            try data.finish()
            return DERWriter.sequence(
                DERWriter.objectIdentifier(info.type),
                DERWriter.element(.context(0), DERWriter.element(.sequence, kept)))
        }
    }
}
