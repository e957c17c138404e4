package import ControlProtocol
import Enrollment
import Faults
import Profiles
import SCEP
import X509

extension Agent {
    /// Looks at a server that no profile has to name. Nothing of it is kept. Throws `AgentError`.
    ///
    /// - Parameters:
    ///   - caIdentifier: which of a server's CAs is meant.
    ///   - tlsCA: PEM of the CA that the server's TLS certificate must lead to, in place of the system's.
    package func probe(_ url: String, caIdentifier: String?, tlsCA: String?) async throws -> ProbeReply {
        do {
            if let caIdentifier { try ProfileRules.check(caIdentifier: caIdentifier) }
            let subject = try DistinguishedName(rfc4514: "CN=signet-probe")
            // Who has written a profile for it has said by which way it is reached.
            let proxy = configuration.profiles.first { $0.scep.urls.contains(url) }?.scep.proxy
            let access = EndpointAccess(
                authorities: tlsCA.map { Array($0.utf8) }, proxy: try ports.proxy(proxy))
            let exchange = SCEPExchange(
                server: try ServerURL(url), transport: try ports.transport(access),
                cryptography: ports.cryptography,
                policy: ServerPolicy(
                    caFingerprints: [], allowUnpinnedCA: true, installedAnchors: context?.anchors,
                    namesTLSAuthority: tlsCA != nil, caIdentifier: caIdentifier))
            let now = ports.now()
            let made = try await keys.generate(.rsa(bits: 2048), subject: subject, now: now)
            guard let certificate = made.signer else { throw UnreadableRequest() }
            let findings = try await exchange.probe(
                signer: MessageSigner(certificate: certificate, key: made.key), subject: subject, now: now)
            return ProbeReply(findings, hasTLSCA: tlsCA != nil) {
                Hexadecimal.string(ports.cryptography.sha256($0.der)).lowercased()
            }
        } catch let fault as SCEPFault where fault.code == .badURL {
            throw failed(.notSCEP, "\(fault)")
        } catch let fault as ProfileFault {
            throw failed(.profileInvalid, "\(fault)")
        } catch {
            let trouble = ExchangeTrouble(error, wasSent: false)
            throw failed(trouble.code, trouble.detail)
        }
    }

    /// Nothing is tried again by itself, and there is no profile to correct.
    private func failed(_ code: ProblemCode, _ detail: String) -> AgentError {
        var problem = StatusDocument.Problem(Problem(code, since: ports.now(), detail: detail))
        problem.remedy =
            "check the URL, name resolution, proxy and firewall, then run it again; for a server with a TLS certificate of a "
            + "private CA give that CA with --tls-ca"
        return .failed(problem)
    }
}

extension ProbeReply {
    /// - Parameter digest: lower-case hex SHA-256 of a certificate.
    fileprivate init(_ findings: ProbeFindings, hasTLSCA: Bool, digest: (Certificate) -> String) {
        let name = { (name: DistinguishedName) in String("\(name)".prefix(ProbeFindings.subjectLimit)) }
        self.init(
            url: "\(findings.server)", capabilities: findings.capabilities,
            certificates: findings.certificates.map { one in
                OfferedCertificate(
                    role: one.role.rawValue, subject: name(one.certificate.subject),
                    issuer: name(one.certificate.issuer), sha256: digest(one.certificate),
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
            profile: findings.profile(
                tlsCA: hasTLSCA ? "/etc/signet/anchors/tls.pem" : nil, digest: digest))
    }
}
