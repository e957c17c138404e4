package import FoundationEssentials
package import X509

/// Looking at a server that nobody trusts yet: what it offers, and in what it is not as RFC 8894 has it.
extension SCEPExchange {
    /// Asks for capabilities and certificates, and after a request that does not exist: that shows how the server takes
    /// messages and signs replies, and changes nothing there.
    ///
    /// Make the exchange with a policy that allows any CA. Nothing found here is authentic: a person compares
    /// fingerprints before any of it goes into a profile.
    ///
    /// - Parameter signer: self-signed, for this once.
    /// - Throws: `ExchangeFailure` where no certificates came.
    package func probe(signer: MessageSigner, subject: DistinguishedName, now: Date) async throws -> ProbeFindings {
        var findings = ProbeFindings(server: server, caIdentifier: policy.caIdentifier)
        if !server.isHTTPS { findings.note(.plainHTTP) }
        let capabilities = try await fetchCapabilities()
        findings.note(capabilities)
        let (bundle, response) = try await fetchCertificates()
        let isAuthenticated = isAuthenticated(response)
        findings.isAuthenticated = isAuthenticated
        if let ahead = response.date.map({ $0.timeIntervalSince(now) }), abs(ahead) > ExchangeLimits.clockSkew {
            findings.note(.clockDiffers, "by \(Int(abs(ahead))) seconds")
        }
        let authority = findings.examine(bundle.certificates, capabilities) { policy in
            try AuthoritySelection(
                policy: policy, cryptography: cryptography, now: now,
                fetchedOverAuthenticatedTLS: isAuthenticated, unread: bundle.unread
            ).select(from: bundle.certificates, capabilities: capabilities)
        }
        if capabilities.offersNextCA, await announcesNextCA() { findings.note(.nextCA) }
        // Whoever can only be asked under a challenge is not.
        if let authority, !authority.needsPassword {
            try await askAfterNothing(authority, signer: signer, subject: subject, now: now, &findings)
        }
        return findings
    }

    private func announcesNextCA() async -> Bool {
        let response = try? await send(
            HTTPRequest(
                method: .get, url: server.target("GetNextCACert", identifier: policy.caIdentifier),
                limit: ExchangeLimits.answerBytes, deadline: ExchangeLimits.deadline))
        return response?.status == 200 && response?.body.first == DERTag.sequence.rawValue
    }

    /// A CertPoll for a transaction that never was (RFC 8894 §3.3.3).
    private func askAfterNothing(
        _ authority: Authority, signer: MessageSigner, subject: DistinguishedName, now: Date,
        _ findings: inout ProbeFindings
    ) async throws {
        let message = try RequestComposer(cryptography: cryptography, authority: authority, policy: policy).poll(
            transaction: TransactionID(random: try cryptography.randomBytes(16)), subject: subject, signer: signer)
        do {
            let (response, instead) = try await post(message, authority.capabilities)
            if let instead { findings.note(instead == .get ? .postRefused : .getRefused) }
            guard response.status == 200 else {
                // Servers refuse what they do not know with these; whoever says something else has not looked at it.
                let isServers = [400, 500, 501].contains(response.status)
                return findings.note(
                    isServers ? .noCertPoll : .messageRefused, "it answers with HTTP status \(response.status)")
            }
            guard response.body.first == DERTag.sequence.rawValue else {
                return findings.note(.messageRefused, "it answers with no SCEP message")
            }
            let expectation = Expectation(
                message: message, signer: signer, publicKeyInfo: signer.certificate.publicKeyInfo, subject: subject,
                current: nil)
            let (verdict, weaknesses) = try ReplyVerification(
                cryptography: cryptography, authority: authority, policy: policy, now: now
            ).verify(response.body, expectation)
            if case .refused(.badAlg?, _) = verdict { findings.noteAlgorithms(of: authority.capabilities) }
            for weakness in weaknesses { findings.note(.weakReply, "it \(weakness)") }
        } catch let failure as ExchangeFailure {
            findings.note(.messageRefused, "\(failure)")
        } catch let fault as SCEPFault {
            findings.note(.replyRefused, "\(fault)")
        }
    }
}
