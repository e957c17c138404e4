package import ControlProtocol
import Enrollment
import Faults
import SCEP
import X509

extension Agent {
    /// Looks at a server that no profile has to name. Nothing of it is kept. Throws `AgentError`.
    ///
    /// - Parameter caIdentifier: which of a server's CAs is meant.
    package func probe(_ url: String, caIdentifier: String?) async throws -> ProbeReply {
        do {
            let subject = try DistinguishedName(rfc4514: "CN=signet-probe")
            let exchange = SCEPExchange(
                server: try ServerURL(url), transport: try ports.transport(nil), cryptography: ports.cryptography,
                policy: ServerPolicy(
                    caFingerprints: [], allowUnpinnedCA: true, installedAnchors: context?.anchors,
                    caIdentifier: caIdentifier))
            let now = ports.now()
            let made = try await keys.generate(.rsa(bits: 2048), subject: subject, now: now)
            guard let certificate = made.signer else { throw UnreadableRequest() }
            let findings = try await exchange.probe(
                signer: MessageSigner(certificate: certificate, key: made.key), subject: subject, now: now)
            return ProbeReply(findings) { Hexadecimal.string(ports.cryptography.sha256($0.der)).lowercased() }
        } catch let fault as SCEPFault where fault.code == .badURL {
            throw failed(.notSCEP, "\(fault)")
        } catch {
            let trouble = ExchangeTrouble(error, wasSent: false)
            throw failed(trouble.code, trouble.detail)
        }
    }

    private func failed(_ code: ProblemCode, _ detail: String) -> AgentError {
        .failed(StatusDocument.Problem(Problem(code, since: ports.now(), detail: detail)))
    }
}

extension ProbeReply {
    /// - Parameter digest: lower-case hex SHA-256 of a certificate.
    fileprivate init(_ findings: ProbeFindings, digest: (Certificate) -> String) {
        self.init(
            url: "\(findings.server)", capabilities: findings.capabilities,
            certificates: findings.certificates.map { one in
                OfferedCertificate(
                    role: one.role.rawValue, subject: "\(one.certificate.subject)",
                    issuer: "\(one.certificate.issuer)", sha256: digest(one.certificate),
                    key: "\(one.certificate.publicKey)", notBefore: Timestamp(one.certificate.notBefore),
                    notAfter: Timestamp(one.certificate.notAfter), takesRequests: one.takesRequests,
                    signsReplies: one.signsReplies)
            },
            findings: findings.quirks.map { quirk, detail in
                Finding(
                    code: quirk.rawValue, text: detail.isEmpty ? quirk.meaning : "\(quirk.meaning): \(detail)",
                    remedy: quirk.remedy)
            },
            authenticated: findings.isAuthenticated, usable: !findings.quirks.contains { $0.quirk.isFatal },
            profile: findings.profile(digest: digest))
    }
}
