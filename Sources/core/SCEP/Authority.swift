import Faults
package import FoundationEssentials
package import X509

/// The PKI's side of a transaction, authenticated: whom requests are encrypted to, and who may sign replies.
///
/// Made by `AuthoritySelection.select` alone, which no unauthorised certificate passes (V-06).
package struct Authority: Sendable, Equatable {
    /// CA certificates that issued certificates may come from: pinned ones, and those below a pinned root that
    /// root's files name.
    package let issuers: [Certificate]
    /// The one certificate that requests are encrypted to; where its key cannot be, they are encrypted under the challenge.
    package let recipient: Certificate
    /// The certificates of which one must have signed every reply.
    package let signers: [Certificate]
    /// Everything the server offered, for building chains; trusted for nothing.
    package let offered: [Certificate]
    /// As listed now, or before where no list came now.
    package let capabilities: Capabilities
    /// As listed now.
    package internal(set) var listedCapabilities: Capabilities = .none
    /// Lower-case hex SHA-256 of recipient and signers, sorted: a change is worth an alarm.
    package let identity: [String]
    /// By how many seconds the server's clock was ahead of this machine's; nil where it did not say.
    package internal(set) var clockDifference: Double?
    /// From when on it issues, where it is the successor of the one that the server works with; else nil.
    package internal(set) var begins: Date?

    /// Whether requests can only be encrypted under the challenge, since the recipient's key signs and nothing else (RFC 8894
    /// §3.1).
    package var needsPassword: Bool { !recipient.publicKey.receives }

    /// The CA named as issuer in a CertPoll (RFC 8894 §3.3.3): the one that issued the RA, or is it.
    package var issuer: Certificate {
        issuers.first { $0 == recipient } ?? issuers.first { $0.subject.matches(recipient.issuer) } ?? recipient
    }
}

/// Chooses and authenticates an `Authority` from what GetCACert brought.
struct AuthoritySelection {
    let policy: ServerPolicy
    let cryptography: any Cryptography
    let now: Date
    /// The TLS server's chain authenticated the answer (V-06 c).
    let fetchedOverAuthenticatedTLS: Bool

    func select(from offered: [Certificate], capabilities: Capabilities) throws -> Authority {
        let issuers = try admittedIssuers(offered)
        let candidates = offered.filter { !$0.isAuthority && !issuers.contains($0) }
        let registration = try candidates.isEmpty ? [] : authorised(candidates, issuers: issuers)
        let recipient = try registration.isEmpty ? lowest(issuers, offered: offered) : encryption(registration)
        // A server that keeps to the RFC opens what is encrypted under the challenge; of others nothing is known.
        let signsOnly = recipient.publicKey.isStrong && !recipient.publicKey.receives
        guard isUsableRecipient(recipient) || (signsOnly && capabilities.isStandard) else {
            throw SCEPFault(
                .unsupportedRecipientKey, attempted: "choose whom requests are encrypted to",
                expected: "an RSA key of at least 2048 bits, or an EC key where GetCACaps says SCEPStandard",
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
            try requireValid(ended)
        }
        let below = known.filter { $0.isAuthority && !pinned.contains($0) }
        let admitted = current + below.filter { isNamed($0, known: known, anchors: current) }
        // What root's files hold is not what the server offers: something of the answer has to belong to it.
        guard offered.contains(where: { one in admitted.contains { $0 == one || isIssued(one, by: $0) } }) else {
            throw notPinned(offered)
        }
        try refuseUnadmitted(below.filter { offered.contains($0) && !admitted.contains($0) }, admitted: admitted)
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
            got: seen.isEmpty ? "no CA certificate" : seen.joined(separator: ", "))
    }

    // MARK: registration authorities

    /// RA certificates that an admitted CA issued and something authorises. One that is not authorised is refused
    /// only where no other is: an old RA certificate may linger beside its successor.
    private func authorised(_ candidates: [Certificate], issuers: [Certificate]) throws -> [Certificate] {
        let ours = candidates.filter { candidate in issuers.contains { isIssued(candidate, by: $0) } }
        guard !ours.isEmpty else {
            throw SCEPFault(
                .raNotIssuedByCA, attempted: "accept the RA certificate '\(candidates[0].subject)'",
                expected: "one issued by an admitted CA", got: "issuer '\(candidates[0].issuer)'")
        }
        let trusted = ours.filter(isAuthorisedAsRA)
        guard !trusted.isEmpty else {
            let line = ours.map { "\"\(fingerprint($0))\"" }.joined(separator: ", ")
            throw SCEPFault(
                .raNotAuthorised,
                attempted: "accept '\(ours[0].subject)' as the server's RA",
                expected: "an RA extended key usage, or after checking with the PKI's owner the line: "
                    + "ra-fingerprint = [\(line)]",
                got: "a certificate that any enrolled device could hold")
        }
        let current = trusted.filter { (try? requireValid($0)) != nil }
        if current.isEmpty { try requireValid(trusted[0]) }
        return current
    }

    private func isAuthorisedAsRA(_ certificate: Certificate) -> Bool {
        if policy.allowAnyRA || policy.raFingerprints.contains(cryptography.sha256(certificate.der)) { return true }
        let usages = certificate.extendedKeyUsage ?? []
        if usages.contains(.registrationAuthority) || usages.contains(.certificateRequestAgent) { return true }
        return fetchedOverAuthenticatedTLS
    }

    /// The RA certificate to encrypt to: RSA, for encipherment, rather one for that alone, the newest.
    private func encryption(_ registration: [Certificate]) throws -> Certificate {
        let fit = registration.filter { $0.keyUsage?.isDisjoint(with: [.keyEncipherment, .dataEncipherment]) != true }
        // RFC 8894 §2.1.2 asks for fitting usages, and §3.5.2 knows servers that set none: with one candidate left there
        // is nothing to choose. Nor is there where none of their keys can be encrypted to.
        let signsOnly = registration.allSatisfy { !$0.publicKey.receives }
        let allowed = fit.isEmpty && (registration.count == 1 || signsOnly) ? registration : fit
        // Beside an RSA certificate to encrypt to, some have one of another kind that only signs.
        let usable = allowed.contains(where: isUsableRecipient) ? allowed.filter(isUsableRecipient) : allowed
        let chosen = usable.max { one, other in
            let oneAlone = one.keyUsage?.contains(.digitalSignature) == false
            let otherAlone = other.keyUsage?.contains(.digitalSignature) == false
            return oneAlone == otherAlone ? one.notBefore < other.notBefore : otherAlone
        }
        guard let chosen else {
            throw SCEPFault(
                .unsupportedRecipientKey, attempted: "choose the RA certificate to encrypt requests to",
                expected: "one whose key usage allows encipherment", got: "\(registration.count) without")
        }
        return chosen
    }

    private func signing(_ registration: [Certificate]) -> [Certificate] {
        let fit = registration.filter { $0.keyUsage?.contains(.digitalSignature) != false }
        return fit.isEmpty && registration.count == 1 ? registration : fit
    }

    // MARK: certificates

    /// The issuer that issued no other one of them, rather one that the server has, the newest.
    private func lowest(_ issuers: [Certificate], offered: [Certificate]) -> Certificate {
        let theirs = issuers.filter(offered.contains)
        let choice = theirs.isEmpty ? issuers : theirs
        let lowest = choice.filter { one in !choice.contains { isBelow($0, one) } }
        return lowest.max { $0.notBefore < $1.notBefore } ?? choice[0]
    }

    private func isUsableRecipient(_ certificate: Certificate) -> Bool {
        guard case .rsa(let bits, true) = certificate.publicKey else { return false }
        return bits >= 2048
    }

    /// A root that was made anew with the same key is signed by the other, but not below it.
    private func isBelow(_ authority: Certificate, _ issuer: Certificate) -> Bool {
        !authority.isSelfIssued && isIssued(authority, by: issuer)
    }

    private func isIssued(_ certificate: Certificate, by issuer: Certificate) -> Bool {
        certificate.issuer.matches(issuer.subject) && cryptography.isSignature(of: certificate, madeBy: issuer)
    }

    /// Root does not pin what nobody can use yet: where none of it has begun, the clock is behind.
    private func requireBegun(_ pinned: [Certificate]) throws {
        guard let first = pinned.map(\.notBefore).min(), first > now.addingTimeInterval(ExchangeLimits.clockSkew)
        else { return }
        throw SCEPFault(
            .clockWrong, attempted: "use the pinned certificate '\(pinned[0].subject)'",
            expected: "a time after \(first), when it begins", got: "\(now)")
    }

    private func requireValid(_ certificate: Certificate) throws {
        guard certificate.notBefore <= now.addingTimeInterval(ExchangeLimits.clockSkew), now < certificate.notAfter
        else {
            throw SCEPFault(
                .authorityExpired, attempted: "use the certificate '\(certificate.subject)'",
                expected: "a current one and a right clock",
                got: "valid \(certificate.notBefore) to \(certificate.notAfter), clock \(now)")
        }
    }

    private func fingerprint(_ certificate: Certificate) -> String {
        "sha256:" + Hexadecimal.string(cryptography.sha256(certificate.der)).lowercased()
    }
}
