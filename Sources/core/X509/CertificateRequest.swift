/// A PKCS#10 request (RFC 2986 §4.1), as far as it says who asks for what key. Nothing here checks its signature.
package struct CertificateRequest: Sendable {
    package let subject: DistinguishedName
    /// DER SubjectPublicKeyInfo.
    package let publicKeyInfo: [UInt8]

    /// Reads one request, strict DER, with nothing after it.
    package init(der: [UInt8]) throws(X509Fault) {
        var outer = try DERCursor(der, reading: "the certification request", limits: DERLimits(bytes: 64 * 1024))
        (subject, publicKeyInfo) = try outer.readSequence { (signed) throws(X509Fault) in
            let content = try signed.readSequence { (body) throws(X509Fault) in
                guard try body.readSmallInteger() == 0 else {
                    throw body.fault(.unexpectedValue, expected: "version 1")
                }
                let subject = try body.readName()
                let keyInfo = body.encoding(of: try body.next(.sequence))
                _ = try body.nextIf(.context(0))
                return (subject, keyInfo)
            }
            _ = try signed.readAlgorithm()
            _ = try signed.readBitString()
            return content
        }
        try outer.finish()
    }
}
