import Faults
package import X509

/// Certificates in a degenerate SignedData (RFC 8894 §3.4): no signers, no content (V-13).
package struct CMSCertificateBundle: Sendable {
    /// At least one, each once, in the order they came in. Order and company prove nothing.
    package let certificates: [Certificate]

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
            let readable = try distinct.compactMap { try Certificate.ifReadable(der: $0) }
            // The first one's fault tells more than that there is none.
            return CMSCertificateBundle(
                certificates: readable.isEmpty ? [try Certificate(der: distinct[0])] : readable)
        }
    }

    /// The certificates of a GetCACert answer (RFC 8894 §4.2.1): one in DER (§4.2.1.1), or a bundle
    /// (§4.2.1.2). The Content-Type decides
    /// nothing, since servers get it wrong.
    package static func certificatesFromGetCACert(_ body: [UInt8]) throws(CMSFault) -> [Certificate] {
        let attempted = "admit the answer to GetCACert"
        try CMSContentInfo.refuseText(body, attempted)
        do throws(X509Fault) {
            // A ContentInfo starts with an OID, a certificate with another SEQUENCE.
            var outer = try DERCursor(
                body, reading: "the answer to GetCACert", rules: .ber, limits: DERLimits(bytes: CMSContentInfo.limit))
            let inner = try outer.inside(try outer.next(.sequence))
            if inner.nextTag != .objectIdentifier { return [try Certificate(der: body)] }
        } catch {
            let code: CMSFaultCode = body.count > CMSContentInfo.limit ? .tooLarge : .malformed
            throw CMSFault(code, attempted: attempted, expected: "a certificate or certificates in CMS", cause: error)
        }
        return try admit(body).certificates
    }
}
