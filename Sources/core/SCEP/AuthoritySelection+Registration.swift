import Faults
import X509

/// Registration authorities: who may open requests and sign replies beside the CA (V-06).
extension AuthoritySelection {
    /// RA certificates that an admitted CA issued and something authorises. One that is not authorised is refused
    /// only where no other is: an old RA certificate may linger beside its successor.
    func authorised(
        _ candidates: [Certificate], issuers: [Certificate], offered: [Certificate]
    ) throws -> [Certificate] {
        let ours = candidates.filter { candidate in issuers.contains { isIssued(candidate, by: $0) } }
        guard !ours.isEmpty else { throw notIssued(candidates[0], offered: offered) }
        let isCurrent = { (one: Certificate) in (try? requireValid(one)) != nil }
        let trusted = ours.filter(isAuthorisedAsRA)
        guard !trusted.isEmpty else { throw notAuthorised(ours, beside: []) }
        let current = trusted.filter(isCurrent)
        // What is missing may be there and not authorised: the successor of one that has ended, or the one to encrypt to.
        let others = ours.filter { !trusted.contains($0) && isCurrent($0) }
        let missing = current.isEmpty ? others : current.contains(where: enciphers) ? [] : others.filter(enciphers)
        guard missing.isEmpty else { throw notAuthorised(missing, beside: trusted) }
        if current.isEmpty { try requireValid(trusted[0]) }
        return current
    }

    private func notAuthorised(_ missing: [Certificate], beside trusted: [Certificate]) -> SCEPFault {
        let named = trusted.filter { policy.raFingerprints.contains(cryptography.sha256($0.der)) }
        let line = (named + missing).map { "\"\(fingerprint($0))\"" }.joined(separator: ", ")
        return SCEPFault(
            .raNotAuthorised,
            attempted: "accept '\(missing[0].subject)' as the server's RA",
            expected: "an RA extended key usage, or after checking with the PKI's owner the line: "
                + "ra-fingerprint = [\(line)]",
            got: "a certificate that any enrolled device could hold")
    }

    private func notIssued(_ candidate: Certificate, offered: [Certificate]) -> SCEPFault {
        let above = offered.filter { $0.isAuthority && isIssued(candidate, by: $0) }
            .map { "\"\(fingerprint($0))\"" }.joined(separator: ", ")
        return SCEPFault(
            .raNotIssuedByCA, attempted: "accept the RA certificate '\(candidate.subject)'",
            expected: "one issued by an admitted CA, or after checking with the PKI's owner "
                + (above.isEmpty
                    ? "its CA's file in install.chain and that one's fingerprint in ca-fingerprint"
                    : "in the line ca-fingerprint also: \(above)"),
            got: "issuer '\(candidate.issuer)'" + (above.isEmpty ? ", which the server does not offer" : ""),
            cause: unread)
    }

    private func isAuthorisedAsRA(_ certificate: Certificate) -> Bool {
        if policy.allowAnyRA || policy.raFingerprints.contains(cryptography.sha256(certificate.der)) { return true }
        let usages = certificate.extendedKeyUsage ?? []
        if usages.contains(.registrationAuthority) || usages.contains(.certificateRequestAgent) { return true }
        return fetchedOverAuthenticatedTLS
    }

    /// Whom requests are encrypted to where there are RAs: one that its usage is for, else the CA above those that only
    /// sign.
    ///
    /// RFC 8894 §2.1.2 asks for fitting usages, and §3.5.2 knows servers that set none: what a usage says decides, and
    /// where it leaves one key or one side, that.
    func encryption(_ registration: [Certificate], issuers: [Certificate]) throws -> Certificate {
        if let best = preferred(registration.filter(enciphers)) { return best }
        let above = registration.contains(where: signs) ? issuers.filter { receives($0, above: registration) } : []
        if let best = preferred(above.filter { $0.keyUsage?.contains(.keyEncipherment) == true }) { return best }
        let able = registration.filter(isUsableRecipient)
        if able.count == 1 { return able[0] }
        // One for this whose key is weak is no reason to ask another.
        let fit = registration.filter(allowsEncipherment)
        if fit.allSatisfy({ !$0.publicKey.receives }), let best = preferred(above) { return best }
        let signsOnly = registration.allSatisfy { !$0.publicKey.receives }
        guard let chosen = preferred(signsOnly ? registration : fit) else {
            throw SCEPFault(
                .unsupportedRecipientKey, attempted: "choose the RA certificate to encrypt requests to",
                expected: "one whose key usage allows encipherment", got: "\(registration.count) without")
        }
        return chosen
    }

    private func receives(_ issuer: Certificate, above registration: [Certificate]) -> Bool {
        isUsableRecipient(issuer) && registration.contains { isIssued($0, by: issuer) }
    }

    /// Rather one that does nothing but receive, the newest.
    private func preferred(_ choice: [Certificate]) -> Certificate? {
        choice.max { one, other in
            let oneAlone = one.keyUsage?.contains(.digitalSignature) == false
            let otherAlone = other.keyUsage?.contains(.digitalSignature) == false
            return oneAlone == otherAlone ? one.notBefore < other.notBefore : otherAlone
        }
    }

    private func allowsEncipherment(_ certificate: Certificate) -> Bool {
        certificate.keyUsage?.isDisjoint(with: [.keyEncipherment, .dataEncipherment]) != true
    }

    private func enciphers(_ certificate: Certificate) -> Bool {
        allowsEncipherment(certificate) && isUsableRecipient(certificate)
    }

    private func signs(_ certificate: Certificate) -> Bool {
        certificate.keyUsage?.contains(.digitalSignature) != false
    }

    func signing(_ registration: [Certificate]) -> [Certificate] {
        let fit = registration.filter(signs)
        return fit.isEmpty && registration.count == 1 ? registration : fit
    }
}
