import Faults
import FoundationEssentials
import X509

extension ReplyVerification {
    /// V-14 to V-17: the certificate for our key among those that came, fit to be this machine's identity.
    ///
    /// Neither the first nor the one that is no CA: the one whose key is ours.
    func selectIssued(_ certificates: [Certificate], _ expected: Expectation) throws -> IssuedCertificate {
        let ours = certificates.filter { $0.publicKeyInfo == expected.publicKeyInfo }
        guard let leaf = ours.max(by: { $0.notBefore < $1.notBefore }) else {
            if let current = expected.current, certificates.contains(current) { throw notRenewed(current, current) }
            throw SCEPFault(
                .keyMismatch, attempted: "find the issued certificate in the reply",
                expected: "one for the key that was requested",
                got: "\(certificates.count) certificates for other keys")
        }
        let time = try beginning(of: leaf, expected)
        let path = try issuedPath(leaf, others: certificates.filter { $0 != leaf }, at: time)
        guard !leaf.isAuthority else {
            throw SCEPFault(
                .unfitCertificate, attempted: "accept the issued certificate", expected: "an end entity's",
                got: "a CA's")
        }
        // RFC 5280 §4.2.1.12: a certificate that names no purpose is for any, but no gateway's check asks less than this.
        guard !expected.mustBeClients || leaf.extendedKeyUsage?.contains(.clientAuth) == true else {
            throw SCEPFault(
                .unfitCertificate, attempted: "accept the issued certificate",
                expected: "extended key usage clientAuth",
                got: leaf.extendedKeyUsage?.map(\.description).joined(separator: ", ") ?? "none")
        }
        guard leaf.keyUsage?.contains(.digitalSignature) != false else {
            throw SCEPFault(
                .unfitCertificate, attempted: "accept the issued certificate",
                expected: "key usage digitalSignature", got: "others")
        }
        guard expected.accepted.accepts(leaf.subject) else {
            throw SCEPFault(
                .subjectMismatch, attempted: "accept the issued certificate",
                expected:
                    "the subject '\(expected.accepted)', or for what the PKI writes in its place a line issued-name = "
                    + "\"…\" in [subject]",
                got: "'\(leaf.subject)'")
        }
        // One that has not begun was used by a clock that was ahead; and serial numbers are an issuer's own (RFC 5280 §4.1.2.2).
        let begun = now.addingTimeInterval(ExchangeLimits.clockSkew)
        if let current = expected.current,
            (leaf.notBefore < current.notBefore && current.notBefore <= begun)
                || (leaf.serialNumber == current.serialNumber && leaf.issuer.matches(current.issuer))
        {
            throw notRenewed(leaf, current)
        }
        let above = path.dropFirst()
        return IssuedCertificate(
            leaf: leaf, chain: above.filter { !$0.isSelfIssued }, root: above.last { $0.isSelfIssued },
            usedFrom: authority.begins != nil && time > now ? time : nil)
    }

    /// When it can be used: now, but for what the CA's successor issues, which begins with it or when what it renews ends.
    private func beginning(of leaf: Certificate, _ expected: Expectation) throws -> Date {
        // A CA's clock may run ahead of ours; what it issued just now is not yet valid here.
        var latest = now.addingTimeInterval(ExchangeLimits.clockSkew)
        var earliest = now
        if authority.begins != nil {
            let issuer = authority.issuers.first {
                leaf.issuer.matches($0.subject) && cryptography.isSignature(of: leaf, madeBy: $0)
            }
            earliest = max(now, issuer?.notBefore ?? now)
            latest = max(earliest.addingTimeInterval(ExchangeLimits.clockSkew), expected.current?.notAfter ?? now)
        }
        guard leaf.notBefore <= latest, earliest.addingTimeInterval(ExchangeLimits.retryHorizon) < leaf.notAfter else {
            let time = authority.begins == nil ? "now" : "when its CA is"
            throw SCEPFault(
                .certificateNotCurrent, attempted: "accept the certificate issued to '\(leaf.subject)'",
                expected: "one that is valid \(time) and for a while; check the clock",
                got: "valid \(leaf.notBefore) to \(leaf.notAfter), clock \(now)")
        }
        return max(earliest, leaf.notBefore)
    }

    /// The path to an admitted issuer, then on towards the root as far as certificates at hand lead.
    ///
    /// The issuer is itself admitted, not merely below one that is: a pinned root signs more than one CA.
    private func issuedPath(_ leaf: Certificate, others: [Certificate], at time: Date) throws -> [Certificate] {
        // What root's files name comes first, and what came with this reply last: a copy of a CA's certificate with its key,
        // but with other words, proves nothing by the signature that is above it.
        let pool = policy.namedCertificates + authority.offered + others
        do {
            var path = try cryptography.path(from: leaf, intermediates: [], anchors: authority.issuers, at: time)
            while let top = path.last, !top.isSelfIssued, path.count < ExchangeLimits.certificates,
                let above = pool.first(where: {
                    !path.contains($0) && $0.isAuthority && top.issuer.matches($0.subject)
                        && cryptography.isSignature(of: top, madeBy: $0)
                })
            {
                path.append(above)
            }
            return path
        } catch {
            throw SCEPFault(
                .unfitCertificate, attempted: "accept the certificate issued to '\(leaf.subject)'",
                expected: "one that an admitted CA issued, without SHA-1 and short keys", cause: error)
        }
    }

    private func notRenewed(_ got: Certificate, _ current: Certificate) -> SCEPFault {
        SCEPFault(
            .notRenewed, attempted: "accept the renewed certificate", expected: "a newer one than \(current.serialHex)",
            got: got == current ? "the same one" : "\(got.serialHex), valid from \(got.notBefore)")
    }
}
