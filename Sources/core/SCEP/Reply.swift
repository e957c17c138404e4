import Faults
package import FoundationEssentials
package import Secrets
package import X509

/// What an authenticated CertRep says (RFC 8894 §3.3.2).
package enum Verdict: Sendable, Equatable {
    case issued(IssuedCertificate)
    case pending
    /// `text` is the server's own, already limited and printable; it is for people, never for decisions.
    case refused(FailInfo?, text: String?)
}

/// A certificate that passed every check up to V-17.
package struct IssuedCertificate: Sendable, Equatable {
    package let leaf: Certificate
    /// From the leaf's issuer upward, without a self-signed root: what a server of TLS needs beside the leaf.
    package let chain: [Certificate]
    /// The self-signed root that the path ends in, where it was at hand. Trusted for nothing by that alone.
    package let root: Certificate?
    /// When it and those above it will all be valid, where the CA's successor issued it ahead of that; else nil.
    package let usedFrom: Date?

    package init(leaf: Certificate, chain: [Certificate], root: Certificate?, usedFrom: Date? = nil) {
        self.leaf = leaf
        self.chain = chain
        self.root = root
        self.usedFrom = usedFrom
    }
}

/// What a request asked for, for comparing it with what came.
package struct Expectation: Sendable {
    package let message: PKIMessage
    /// Who signed the request, and so opens the reply.
    package let signer: MessageSigner
    /// The challenge, where the request was encrypted under it, or the signer's key cannot open a reply: then the reply may be
    /// encrypted under it too (RFC 8894 §3.1).
    package let password: Secret?
    /// DER SubjectPublicKeyInfo of the requested key.
    package let publicKeyInfo: [UInt8]
    package let subject: DistinguishedName
    /// What the certificate may say in its place.
    package let accepted: AcceptedSubject
    /// Whether it has to be for TLS clients, as gateways ask; no RFC does.
    package let mustBeClients: Bool
    /// The certificate that is being renewed.
    package let current: Certificate?

    /// - Parameter accepted: nil for the requested subject alone.
    package init(
        message: PKIMessage, signer: MessageSigner, publicKeyInfo: [UInt8], subject: DistinguishedName,
        accepted: AcceptedSubject? = nil, mustBeClients: Bool = true, current: Certificate?, password: Secret? = nil
    ) {
        self.mustBeClients = mustBeClients
        self.accepted = accepted ?? .name(subject)
        self.password = password
        self.message = message
        self.signer = signer
        self.publicKeyInfo = publicKeyInfo
        self.subject = subject
        self.current = current
    }
}

/// Verifies one reply from its outermost byte to the issued certificate, in the order V-01 to V-17: nothing is
/// decrypted before its signer is known, and nothing is believed that the signer did not sign.
package struct ReplyVerification: Sendable {
    let cryptography: any Cryptography
    let authority: Authority
    let policy: ServerPolicy
    let now: Date

    package init(cryptography: any Cryptography, authority: Authority, policy: ServerPolicy, now: Date) {
        self.cryptography = cryptography
        self.authority = authority
        self.policy = policy
        self.now = now
    }

    /// Throws `SCEPFault`; whatever it throws, nothing in the reply may be acted on.
    package func verify(_ body: [UInt8], _ expected: Expectation) throws -> (Verdict, [Weakness]) {
        let (message, status) = try authenticated(body, expected.message)
        var weaknesses = weaknesses(of: message)
        switch status {
        case .pending: return (.pending, weaknesses)
        case .failure:
            return (.refused(message.failInfo.map(FailInfo.init), text: message.failInfoText), weaknesses)
        case .success:
            let (plain, cipher) = try open(message.content, for: expected.signer, password: expected.password)
            if !ContentCipher.strong.contains(cipher) { weaknesses.append(.cipher(cipher)) }
            return (.issued(try selectIssued(try certificates(plain, for: expected), expected)), weaknesses)
        }
    }

    /// V-01 to V-10: the message, which is the PKI's answer to the one that was sent, and its status.
    func authenticated(_ body: [UInt8], _ sent: PKIMessage) throws -> (CMSSignedMessage, PKIStatus) {
        let message = try admitMessage(body)
        try authenticate(body, message)
        try correlate(message, with: sent)
        // Not before: what an authentic reply lacks, the next one would lack, too.
        guard policy.admits(message.digest) else {
            throw SCEPFault(
                .weakAlgorithm, attempted: "check the reply's signature",
                expected: "SHA-256 or better, as security = \"rfc8894\" asks", got: message.digest.rawValue)
        }
        return (message, try status(of: message))
    }

    func weaknesses(of message: CMSSignedMessage) -> [Weakness] {
        message.digest == .sha1 ? [.digest(.sha1)] : []
    }

    /// V-01 to V-03: one signer, known algorithms, every attribute once and of its type.
    private func admitMessage(_ body: [UInt8]) throws -> CMSSignedMessage {
        do {
            return try CMSSignedMessage.admit(body)
        } catch {
            throw SCEPFault(.malformedReply, attempted: "read the server's reply", cause: error)
        }
    }

    /// V-04, V-05: signed by one of the authority's certificates, which is current.
    private func authenticate(_ body: [UInt8], _ message: CMSSignedMessage) throws {
        let signer: Certificate
        do {
            signer = try cryptography.verifySignedData(body, signers: authority.signers)
        } catch {
            throw SCEPFault(
                .untrustedSigner, attempted: "check the reply's signature",
                expected: "the CA or RA: " + authority.signers.map { "'\($0.subject)'" }.joined(separator: ", "),
                cause: error)
        }
        let latest = max(now, authority.begins ?? now).addingTimeInterval(ExchangeLimits.clockSkew)
        guard signer.notBefore <= latest, now < signer.notAfter else {
            throw SCEPFault(
                .authorityExpired, attempted: "accept a reply signed by '\(signer.subject)'",
                expected: "a current certificate and a right clock",
                got: "valid \(signer.notBefore) to \(signer.notAfter), clock \(now)")
        }
    }

    /// V-07 to V-09: a CertRep, of this transaction, to this very message.
    private func correlate(_ message: CMSSignedMessage, with sent: PKIMessage) throws {
        guard message.messageType == MessageType.certRep.rawValue else {
            throw SCEPFault(
                .wrongMessageType, attempted: "read the reply's messageType", expected: "3 (CertRep)",
                got: message.messageType ?? "none")
        }
        guard message.transactionID == sent.transaction.description else {
            throw SCEPFault(
                .transactionMismatch, attempted: "match the reply to the request",
                expected: sent.transaction.description, got: message.transactionID ?? "none")
        }
        guard message.recipientNonce == sent.senderNonce else {
            throw SCEPFault(
                .nonceMismatch, attempted: "match the reply to the request", expected: "the nonce that was sent",
                got: message.recipientNonce.map { difference($0, from: sent.senderNonce) } ?? "none")
        }
    }

    private func difference(_ nonce: [UInt8], from sent: [UInt8]) -> String {
        !nonce.isEmpty && sent.starts(with: nonce)
            ? "its first \(nonce.count) bytes alone: have the server keep all 16 (Dogtag: ca.scep.nonceSizeLimit)"
            : "another, of \(nonce.count) bytes"
    }

    /// V-10: content belongs to SUCCESS alone (RFC 8894 §3.3.2.1); whatever stands in its place in FAILURE (§3.3.2.2) and
    /// PENDING (§3.3.2.3), where nothing should, is not looked at.
    private func status(of message: CMSSignedMessage) throws -> PKIStatus {
        guard let status = message.pkiStatus.flatMap(PKIStatus.init) else {
            throw SCEPFault(
                .badStatus, attempted: "read the reply's pkiStatus", expected: "0, 2 or 3",
                got: message.pkiStatus ?? "none")
        }
        if status == .success, message.content?.isEmpty ?? true {
            throw SCEPFault(
                .badStatus, attempted: "read the reply's content", expected: "certificates with SUCCESS",
                got: "nothing")
        }
        return status
    }

    /// V-13: certificates and nothing else. Where none is for the requested key, it may be one that cannot be read.
    private func certificates(_ plain: [UInt8], for expected: Expectation) throws -> [Certificate] {
        do {
            let bundle = try CMSCertificateBundle.admit(plain)
            let isThere = bundle.certificates.contains { $0.publicKeyInfo == expected.publicKeyInfo }
            if !isThere, let unread = bundle.unread { throw unread }
            return bundle.certificates
        } catch {
            throw SCEPFault(.undecipherable, attempted: "open the reply's envelope", cause: error)
        }
    }

    /// V-11, V-12: an envelope for this machine, opened.
    func open(
        _ content: [UInt8]?, for signer: MessageSigner, password: Secret? = nil
    ) throws -> ([UInt8], ContentCipher) {
        let attempted = "open the reply's envelope"
        do {
            let content = content ?? []
            let envelope = try CMSEnvelope.admit(content, allowsPassword: password != nil)
            guard policy.admits(envelope.cipher) else {
                throw SCEPFault(
                    .weakAlgorithm, attempted: attempted,
                    expected:
                        "AES: set the server's content encryption to it (step-ca: encryptionAlgorithmIdentifier 2), "
                        + "or the profile's security to \"compatible\"",
                    got: envelope.cipher.rawValue)
            }
            let isLegacy = envelope.cipher == .desCBC
            let plain =
                if envelope.password != nil, let password {
                    try cryptography.openEnvelope(content, password: password, legacyCiphers: isLegacy)
                } else {
                    try cryptography.openEnvelope(
                        content, recipient: signer.certificate, key: signer.key, legacyCiphers: isLegacy)
                }
            return (plain, envelope.cipher)
        } catch let fault as SCEPFault {
            throw fault
        } catch {
            throw SCEPFault(.undecipherable, attempted: attempted, cause: error)
        }
    }
}

extension ContentCipher {
    /// What today's standards ask for.
    static let strong: Set<ContentCipher> = [.aes128CBC, .aes192CBC, .aes256CBC]
}
