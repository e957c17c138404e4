import Faults
package import FoundationEssentials
package import X509

extension SCEPExchange {
    /// GetNextCACert: the certificates that the CA will use next (RFC 8894 §4.7), authenticated by the CA's present key.
    ///
    /// An answer is trusted for nothing by that alone: who owns the CA's key today names its successor, and root's files
    /// say whether this machine follows. Both certificates are pinned for a while, and whichever the server uses is taken:
    /// the certificate of the old one stays until its renewal (§5.1).
    ///
    /// - Returns: the next CA's certificates, and what of RAs comes with them; none where the present CA is its own
    ///   successor, nil where the server does not say.
    /// - Throws: `ExchangeFailure`.
    package func nextCertificates(of authority: Authority, now: Date) async throws -> [Certificate]? {
        guard authority.capabilities.offersNextCA else { return nil }
        let response = try await send(
            HTTPRequest(
                method: .get, url: server.target("GetNextCACert", identifier: policy.caIdentifier),
                limit: ExchangeLimits.answerBytes, deadline: ExchangeLimits.deadline))
        guard response.status == 200 else { return nil }
        return try untrusted(response, now) {
            try NextAuthority(cryptography: cryptography, authority: authority, policy: policy, now: now)
                .admit(response.body)
        }
    }
}

extension SCEPExchange {
    /// The authority that follows, for who renews ahead of its day: what is enveloped to it, it issues (RFC 8894 §5.1).
    ///
    /// Root's files decide about it as about every other, as of the day on which it begins. Until then the present one
    /// may sign in its stead, as it signed the announcement, and issue.
    ///
    /// - Parameter next: what `nextCertificates` brought.
    /// - Throws: `ExchangeFailure` where root's files do not admit it.
    package func successor(of authority: Authority, among next: [Certificate], now: Date) throws -> Authority {
        // When all of them have begun: a root above the one that issues may have done so long ago.
        let begins = next.filter(\.isAuthority).map(\.notBefore).max() ?? now
        let selection = AuthoritySelection(
            policy: policy, cryptography: cryptography, now: max(now, begins), fetchedOverAuthenticatedTLS: false)
        do {
            let chosen = try selection.select(from: next, capabilities: authority.capabilities)
            var successor = Authority(
                issuers: chosen.issuers + authority.issuers.filter { !chosen.issuers.contains($0) },
                recipient: chosen.recipient,
                signers: chosen.signers + authority.signers.filter { !chosen.signers.contains($0) },
                offered: next + authority.offered, capabilities: authority.capabilities, identity: chosen.identity)
            successor.begins = begins
            successor.clockDifference = authority.clockDifference
            return successor
        } catch let fault as SCEPFault {
            throw ExchangeFailure.untrusted(fault)
        }
    }
}

extension Authority {
    /// Whether the renewal of a certificate is better had of this successor than of the present authority. A CA's
    /// certificates end with its own (RFC 5280 §6.1), and one that was cut to that end is as long as the next will be.
    ///
    /// Not where the machine would be without one in between, nor where it would have to show what it need not now, nor by
    /// a clock that is not the server's.
    package func isBetter(than present: Authority, toRenew certificate: Certificate) -> Bool {
        let life = certificate.notAfter.timeIntervalSince(certificate.notBefore)
        let gain = present.issuer.notAfter.timeIntervalSince(certificate.notAfter)
        let isInTime = begins.map { $0 <= certificate.notAfter } ?? false
        return (gain <= 0 || (gain < life / 10 && isInTime)) && (present.needsPassword || !needsPassword)
            && abs(present.clockDifference ?? 0) <= ExchangeLimits.clockTolerance
    }

    /// Whether the CA comes to its end: less than a fifth of its life is left. Only then is a server asked for its next
    /// CA, so that no renewal takes a request more.
    package func isEnding(now: Date) -> Bool {
        let life = issuer.notAfter.timeIntervalSince(issuer.notBefore)
        return issuer.notAfter.timeIntervalSince(now) < life / 5
    }
}

/// Reads an answer to GetNextCACert.
struct NextAuthority {
    let cryptography: any Cryptography
    let authority: Authority
    let policy: ServerPolicy
    let now: Date

    /// Only what was signed counts: the outer structure's own certificates are whoever's.
    func admit(_ body: [UInt8]) throws -> [Certificate] {
        let attempted = "read the CA's next certificates"
        let message: CMSSignedMessage
        do {
            message = try CMSSignedMessage.admit(body)
        } catch {
            throw SCEPFault(
                .malformedReply, attempted: attempted, expected: "certificates signed by the present CA", cause: error)
        }
        guard policy.admits(message.digest) else {
            throw SCEPFault(
                .weakAlgorithm, attempted: attempted, expected: "SHA-256 or better", got: message.digest.rawValue)
        }
        do {
            // The CA itself: an RA does not speak for its CA's future (RFC 8894 §4.7.1).
            _ = try cryptography.verifySignedData(body, signers: authority.issuers)
        } catch {
            throw SCEPFault(
                .untrustedSigner, attempted: attempted,
                expected: "the CA: " + authority.issuers.map { "'\($0.subject)'" }.joined(separator: ", "),
                cause: error)
        }
        let certificates: [Certificate]
        do {
            certificates = try CMSCertificateBundle.admit(message.content ?? []).certificates
        } catch {
            throw SCEPFault(
                .malformedReply, attempted: attempted, expected: "certificates in the signed content", cause: error)
        }
        return try current(certificates, attempted)
    }

    /// A next CA is a CA, another than the present one, and has not ended; when it begins is its own affair.
    private func current(_ certificates: [Certificate], _ attempted: String) throws -> [Certificate] {
        let authorities = certificates.filter(\.isAuthority)
        guard !authorities.isEmpty else {
            throw SCEPFault(
                .unfitCertificate, attempted: attempted, expected: "a CA certificate",
                got: "'\(certificates[0].subject)', which is none")
        }
        if let ended = authorities.first(where: { $0.notAfter <= now }) {
            throw SCEPFault(
                .authorityExpired, attempted: attempted, expected: "a CA certificate to come",
                got: "'\(ended.subject)', valid until \(ended.notAfter)")
        }
        let isNew = authorities.contains { next in
            !authority.offered.contains(next) && !authority.issuers.contains(next)
        }
        return isNew ? certificates : []
    }
}
