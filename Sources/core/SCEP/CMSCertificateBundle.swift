import Faults
package import X509

/// Certificates in a degenerate SignedData (RFC 8894 §3.4): no signers, no content (V-13).
package struct CMSCertificateBundle: Sendable {
    /// At least one, each once, in the order they came in. Order and company prove nothing.
    package let certificates: [Certificate]
    /// Why one that came along could not be read, the first of them; nil where all could.
    package let unread: X509Fault?

    /// Reads DER or BER of at most 1 MiB. CRLs are passed over, and so are certificates that cannot be read as long as
    /// another can: servers send along what concerns nobody (RFC 8894 §3.3.2.1). What is no certificate at all is refused.
    ///
    /// - Parameter limit: most certificates, repeated ones counted.
    package static func admit(_ bytes: [UInt8], limit: Int = 16) throws(CMSFault) -> CMSCertificateBundle {
        try CMSContentInfo.admit(bytes, reading: "the certificates in the server's answer") { info in
            let data = try CMSSignedData(degenerate: &info, certificateLimit: limit)
            guard !data.certificates.isEmpty else {
                throw info.fault(.certificateCount, expected: "1 to \(limit) certificates", got: "none")
            }
            var seen: Set<[UInt8]> = []
            let distinct = data.certificates.filter { seen.insert($0).inserted }
            var certificates: [Certificate] = []
            var unread: X509Fault?
            for der in distinct {
                do throws(X509Fault) {
                    certificates.append(try Certificate(der: der))
                } catch {
                    try Certificate.requireShape(der: der)
                    unread = unread ?? error
                }
            }
            if certificates.isEmpty, let unread { throw unread }
            return CMSCertificateBundle(certificates: certificates, unread: unread)
        }
    }

    /// The certificates of a GetCACert answer (RFC 8894 §4.2.1): one in DER (§4.2.1.1), or a bundle (§4.2.1.2). The
    /// Content-Type decides nothing, since servers get it wrong.
    package static func ofGetCACert(_ body: [UInt8]) throws(CMSFault) -> CMSCertificateBundle {
        let attempted = "admit the answer to GetCACert"
        try CMSContentInfo.refuseText(body, attempted)
        do throws(X509Fault) {
            // A ContentInfo starts with an OID, a certificate with another SEQUENCE.
            var outer = try DERCursor(
                body, reading: "the answer to GetCACert", rules: .ber, limits: DERLimits(bytes: CMSContentInfo.limit))
            let inner = try outer.inside(try outer.next(.sequence))
            if inner.nextTag != .objectIdentifier {
                return CMSCertificateBundle(certificates: [try Certificate(der: body)], unread: nil)
            }
        } catch {
            let code: CMSFaultCode = body.count > CMSContentInfo.limit ? .tooLarge : .malformed
            throw CMSFault(code, attempted: attempted, expected: "a certificate or certificates in CMS", cause: error)
        }
        return try admit(body)
    }
}
