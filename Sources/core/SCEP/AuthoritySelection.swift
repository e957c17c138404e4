import Faults
import FoundationEssentials
import X509

/// Chooses and authenticates an `Authority` from what GetCACert brought.
struct AuthoritySelection {
    let policy: ServerPolicy
    let cryptography: any Cryptography
    let now: Date
    /// The TLS server's chain authenticated the answer (V-06 c).
    let fetchedOverAuthenticatedTLS: Bool
    /// Why a certificate of the answer could not be read: where one is missing, it may be that one.
    var unread: X509Fault?

    func select(from offered: [Certificate], capabilities: Capabilities) throws -> Authority {
        let issuers = try admittedIssuers(offered)
        let candidates = offered.filter { !$0.isAuthority && !issuers.contains($0) }
        let registration = try candidates.isEmpty ? [] : authorised(candidates, issuers: issuers, offered: offered)
        let recipient =
            try registration.isEmpty ? lowest(issuers, offered: offered) : encryption(registration, issuers: issuers)
        // A server that keeps to the RFC opens what is encrypted under the challenge; of others nothing is known. Where root
        // names an RA, one that is left out of the answer must not bring the challenge under a guessable key (§7.5).
        let signsOnly = recipient.publicKey.isStrong && !recipient.publicKey.receives
        let lacksNamedRA = policy.raFingerprints.contains { named in
            !offered.contains { cryptography.sha256($0.der) == named }
        }
        guard isUsableRecipient(recipient) || (signsOnly && capabilities.isStandard && !lacksNamedRA) else {
            throw SCEPFault(
                .unsupportedRecipientKey, attempted: "choose whom requests are encrypted to",
                expected: lacksNamedRA
                    ? "beside the CA every RA that scep.ra-fingerprint names"
                    : "an RSA key of at least 2048 bits, or an EC key where GetCACaps says SCEPStandard",
                got: "\(recipient.publicKey) of '\(recipient.subject)'")
        }
        let signers = issuers + signing(registration)
        return Authority(
            issuers: issuers, recipient: recipient, signers: signers, offered: offered, capabilities: capabilities,
            identity: Set((signers + [recipient]).map { Hexadecimal.string(cryptography.sha256($0.der)).lowercased() })
                .sorted())
    }

    // MARK: issuing CAs

    /// Pinned certificates, and CAs below a pinned root that are named in root's files. CAs roll over, so that of the
    /// last and the next one that is not valid now is passed over as long as another is.
    private func admittedIssuers(_ offered: [Certificate]) throws -> [Certificate] {
        let known = offered + policy.namedCertificates.filter { !offered.contains($0) }
        let pinned = known.filter(isPinned)
        let current = pinned.filter { (try? requireValid($0)) != nil }
        if current.isEmpty, let ended = pinned.first {
            try requireBegun(pinned)
            try requireValid(ended, orOneOf: offered.filter { $0.isAuthority && !pinned.contains($0) })
        }
        let below = known.filter { $0.isAuthority && !pinned.contains($0) }
        let admitted = current + below.filter { isNamed($0, known: known, anchors: current) }
        // What root's files hold is not what the server offers: something of the answer has to belong to it.
        let theirs = admitted.filter { issuer in offered.contains { $0 == issuer || belongs($0, to: issuer) } }
        guard !theirs.isEmpty else { throw notPinned(offered) }
        try refuseUnadmitted(below.filter { offered.contains($0) && !admitted.contains($0) }, admitted: theirs)
        return admitted
    }

    private func isNamed(_ authority: Certificate, known: [Certificate], anchors: [Certificate]) -> Bool {
        guard policy.namedCertificates.contains(authority) else { return false }
        return (try? cryptography.path(from: authority, intermediates: known, anchors: anchors, at: now)) != nil
    }

    /// Where every admitted CA has one below it that nobody vouched for, it is that one which issues: it is refused,
    /// with the line that admits it.
    private func refuseUnadmitted(_ authorities: [Certificate], admitted: [Certificate]) throws {
        let issues = { (issuer: Certificate) in !authorities.contains { isBelow($0, issuer) } }
        guard !admitted.contains(where: issues) else { return }
        for authority in authorities {
            guard let above = admitted.first(where: { isBelow(authority, $0) }) else { continue }
            if policy.namedCertificates.contains(authority) { try requireValid(authority) }
            throw SCEPFault(
                .issuingCANotAdmitted,
                attempted: "accept the CA '\(authority.subject)' below the pinned '\(above.subject)'",
                expected: "its fingerprint in scep.ca-fingerprint, or its file in install.chain",
                got: "\"\(fingerprint(authority))\"")
        }
    }

    private func isPinned(_ certificate: Certificate) -> Bool {
        if policy.allowUnpinnedCA, policy.caFingerprints.isEmpty { return certificate.isAuthority }
        return policy.caFingerprints.contains(cryptography.sha256(certificate.der))
    }

    private func notPinned(_ offered: [Certificate]) -> SCEPFault {
        let seen = offered.filter { $0.isAuthority || offered.count == 1 }
            .map { "\"\(fingerprint($0))\" ('\($0.subject)')" }
        return SCEPFault(
            .caNotPinned, attempted: "authenticate the CA that the server offers",
            expected: "a certificate that scep.ca-fingerprint names",
            got: seen.isEmpty ? "no CA certificate" : seen.joined(separator: ", "), cause: unread)
    }

    // MARK: certificates

    /// The issuer that issued no other one of them, rather one that the server has and can be encrypted to, the newest.
    private func lowest(_ issuers: [Certificate], offered: [Certificate]) -> Certificate {
        let theirs = issuers.filter(offered.contains)
        let choice = theirs.isEmpty ? issuers : theirs
        let lowest = choice.filter { one in !choice.contains { isBelow($0, one) } }
        let usable = lowest.contains(where: isUsableRecipient) ? lowest.filter(isUsableRecipient) : lowest
        return usable.max { $0.notBefore < $1.notBefore } ?? choice[0]
    }

    func isUsableRecipient(_ certificate: Certificate) -> Bool {
        guard case .rsa(let bits, true) = certificate.publicKey else { return false }
        return bits >= 2048
    }

    /// A root that was made anew with the same key is signed by the other, but not below it.
    private func isBelow(_ authority: Certificate, _ issuer: Certificate) -> Bool {
        !authority.isSelfIssued && isIssued(authority, by: issuer)
    }

    /// A CA that was made anew with the same key and name is another one.
    private func belongs(_ certificate: Certificate, to issuer: Certificate) -> Bool {
        certificate.isAuthority ? isBelow(certificate, issuer) : isIssued(certificate, by: issuer)
    }

    func isIssued(_ certificate: Certificate, by issuer: Certificate) -> Bool {
        certificate.issuer.matches(issuer.subject) && cryptography.isSignature(of: certificate, madeBy: issuer)
    }

    func fingerprint(_ certificate: Certificate) -> String {
        "sha256:" + Hexadecimal.string(cryptography.sha256(certificate.der)).lowercased()
    }
}
