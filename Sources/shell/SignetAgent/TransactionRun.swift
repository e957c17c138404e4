import Enrollment
import Faults
import FoundationEssentials
import Installation
import Profiles
import SCEP
import Secrets
import X509

/// One transaction's work outside the machine: one transport, one authority, the request in pending/.
///
/// Owned by the runner of its profile and used by it alone, one step after the other; it lives until the transaction
/// ends, so that its connection is kept.
final class TransactionRun {
    let profile: Profile
    private let ports: AgentPorts
    private let store: ProfileStore
    private let exchange: SCEPExchange
    private let policy: ServerPolicy
    private var discovered: (authority: Authority, at: Date)?
    /// Seconds for which it is used: with a server that has messages wait, certificates are renewed meanwhile.
    private static let keptAuthority = 300.0
    /// The one that follows it, where the request is for that.
    var successor: Authority?
    /// What the request carried, so that a server's text that repeats it is not passed on.
    private var challenge: Secret?
    /// A challenge that was fetched and that no request has carried yet.
    private var unsent: (challenge: Secret, since: Date)?
    /// Seconds for which it is used.
    private static let keptUnsent = 600.0
    /// The key that lies in pending/, once it was used: decoded once a run.
    private var key: Secret?
    let server: String
    /// The generation that an HTTPS server is shown, if it asks.
    let shown: Int?

    /// - Parameters:
    ///   - known: capabilities that the server has listed before.
    ///   - shows: the identity that the transaction renews; nil in an enrollment.
    init(
        _ server: String, profile: Profile, anchors: [Certificate]?, known: [String],
        shows identity: Generation? = nil, ports: AgentPorts, store: ProfileStore
    ) throws {
        self.server = server
        shown = identity?.number
        self.profile = profile
        self.ports = ports
        self.store = store
        var access = EndpointAccess()
        do { access.proxy = try ports.proxy(profile.scep.proxy) } catch { throw LocalFailure.proxy(error) }
        if let identity {
            // The key goes from the agent's memory to libcurl, through no file.
            do { access.show(identity, key: try store.key(of: identity.number)) } catch {
                throw LocalFailure.storage(error)
            }
        }
        do {
            var policy = try profile.serverPolicy(anchors: anchors, certificates: ports.certificates)
            policy.knownCapabilities = Capabilities(keywords: Set(known))
            self.policy = policy
            access.authorities = try profile.scep.tlsCA.map { try ports.bytes($0) }
            exchange = SCEPExchange(
                server: try ServerURL(server), transport: try ports.transport(access),
                cryptography: ports.cryptography, policy: policy)
        } catch {
            throw LocalFailure.profile(error)
        }
    }

    /// The server's authority, asked for once a run, or once for each of its long waits.
    func discover() async throws -> Authority {
        if let authority { return authority }
        let found = try await exchange.discover(now: ports.now())
        discovered = (found, ports.now())
        return found
    }

    private var authority: Authority? {
        guard let discovered, ports.now().timeIntervalSince(discovered.at).magnitude < Self.keptAuthority else {
            return nil
        }
        return discovered.authority
    }

    /// The next CA's certificates, authenticated and trusted for nothing: none while the CA is not near its end; nil where
    /// the server has nothing to say. Throws `ExchangeFailure`.
    func nextCertificates() async throws -> [Certificate]? {
        guard let authority, !policy.allowUnpinnedCA, authority.isEnding(now: ports.now()) else { return [] }
        return try await exchange.nextCertificates(of: authority, now: ports.now())
    }

    /// Those of them that the profile names nowhere, as lines to add.
    func unpinned(_ next: [Certificate]) -> [String] {
        next.filter { one in
            one.isAuthority && !policy.namedCertificates.contains(one)
                && !policy.caFingerprints.contains(ports.cryptography.sha256(one.der))
        }.map { "\"sha256:\(Hexadecimal.string(ports.cryptography.sha256($0.der)).lowercased())\" ('\($0.subject)')" }
    }

    /// Asks the successor in place of the present CA where a renewal is better had of it. Throws `ExchangeFailure` where
    /// root's files do not admit it.
    func follow(_ next: [Certificate], in place: Certificate) throws {
        guard let authority, !next.isEmpty else { return }
        let found = try exchange.successor(of: authority, among: next, now: ports.now())
        if found.isBetter(than: authority, toRenew: place) { successor = found }
    }

    /// Composes the request and syncs it to pending/, beside the key that lies there.
    ///
    /// - Returns: the transaction id, and whether the request carries a challenge.
    func compose(
        _ transaction: Transaction, subject: RenderedSubject, key pendingKey: PendingKey, current: Generation?
    ) async throws -> (id: String, challengeSent: Bool) {
        let key = pendingKey.key
        self.key = key
        let authority: Authority
        if let successor { authority = successor } else { authority = try await discover() }
        // Who orders an enrollment answers for the clock, too.
        if showsChallenge(transaction) || authority.needsPassword, profile.scep.challenge != nil,
            !transaction.isOrdered
        {
            try authority.requireCredibleClock()
        }
        let challenge = showsChallenge(transaction) ? try await readChallenge() : nil
        let isAnsweredUnderPassword = answersUnderPassword(transaction, key: pendingKey, authority)
        var password: Secret?
        if authority.needsPassword || isAnsweredUnderPassword {
            password = challenge
            if password == nil { password = try await readPassword() }
            do {
                _ = try password.mustBeStrong("exchange messages")
            } catch let fault as SCEPFault where challenge == nil {
                throw ClosedRung(cause: fault)
            }
        }
        self.challenge = challenge ?? password
        let id =
            try profile.scep.options.transactionID.flatMap { TransactionID($0) }
            ?? TransactionID(random: ports.cryptography.randomBytes(16))
        let signedBy = transaction.rung == .challenge ? nil : current
        let name = signedBy.map { subject.renewing($0.certificate.subject) } ?? subject.name
        let composer = RequestComposer(cryptography: ports.cryptography, authority: authority, policy: policy)
        let signer = try signer(
            subject: name, key: pendingKey, generation: signedBy, isAnsweredUnderPassword: isAnsweredUnderPassword,
            digest: composer.digest)
        let message = try composer.enrollment(
            transaction.rung == .renewalReq ? .renewalReq : .pkcsReq, transaction: id,
            content: RequestContent(
                subject: name.der, alternativeNames: subject.alternativeNames,
                hasUTF8Challenge: profile.scep.options.challengeString == .utf8), key: key,
            challenge: challenge, signer: signer, password: password)
        if let password { try stored { try store.save(pendingPassword: password) } }
        let request = PendingRequest(
            id: id.description, type: message.type.rawValue, senderNonce: Data(message.senderNonce), server: server,
            subject: Data(name.der), issuedSubject: subject.issuedSubject,
            signer: signedBy == nil ? Data(signer.certificate.der) : nil,
            signerGeneration: signedBy?.number, renews: transaction.kind == .renew ? current?.number : nil,
            isUnderPassword: password == nil ? nil : true,
            successor: successor.map { Data(ports.cryptography.sha256($0.issuer.der)) }, message: message.der)
        try stored { try store.savePending(request) }
        return (id.description, self.challenge != nil)
    }

    /// Sends the request in pending/.
    ///
    /// - Parameter challengeSent: whether it carries one, or is encrypted under it.
    func send(challengeSent: Bool) async throws -> (Verdict, [Weakness]) {
        unsent = nil
        let (request, expectation) = try pending()
        guard let type = MessageType(rawValue: request.type), let id = TransactionID(request.id) else {
            throw LocalFailure.storage(UnreadableRequest())
        }
        let message = PKIMessage(
            der: request.message, type: type, transaction: id, senderNonce: Array(request.senderNonce))
        let (verdict, weaknesses) = try await exchange.submit(
            expectation(message), to: try await authority(of: request), now: ports.now())
        return (withoutChallenge(verdict, challengeSent: challengeSent), weaknesses)
    }

    /// Some servers repeat the challenge when they refuse it, and their text goes to log, state and status.
    ///
    /// Nobody holds a challenge while a person decides, and what its place holds by then may be another: without the one
    /// that was sent there is nothing to compare the text with.
    private func withoutChallenge(_ verdict: Verdict, challengeSent: Bool) -> Verdict {
        guard challengeSent, case .refused(let info, _?) = verdict else { return verdict }
        guard let challenge else { return .refused(info, text: "(its text may repeat the challenge and is withheld)") }
        return verdict.withholding(challenge)
    }

    /// Asks after the request in pending/, under its transaction id and with a fresh nonce.
    func poll(_ transaction: Transaction) async throws -> (Verdict, [Weakness]) {
        let (request, expectation) = try pending()
        let authority = try await authority(of: request)
        guard let id = TransactionID(request.id) else { throw LocalFailure.storage(UnreadableRequest()) }
        let composer = RequestComposer(cryptography: ports.cryptography, authority: authority, policy: policy)
        let probe = expectation(PKIMessage(der: [], type: .certPoll, transaction: id, senderNonce: []))
        let message = try composer.poll(
            transaction: id, subject: probe.subject, signer: probe.signer, password: probe.password)
        let (verdict, weaknesses) = try await exchange.submit(expectation(message), to: authority, now: ports.now())
        return (withoutChallenge(verdict, challengeSent: transaction.challengeSent), weaknesses)
    }

    // MARK: parts

    /// Whom a request is for. A successor is the present one by and by, and until then the server announces it: that it does
    /// not say so now says nothing about the request.
    private func authority(of request: PendingRequest) async throws -> Authority {
        let present = try await discover()
        guard let digest = request.successor.map(Array.init) else { return present }
        let isMeant = { (one: Authority) in self.ports.cryptography.sha256(one.issuer.der) == digest }
        if let found = [successor, present].compactMap(\.self).first(where: isMeant) { return found }
        let now = ports.now()
        let next = try await exchange.nextCertificates(of: present, now: now) ?? []
        let found = next.isEmpty ? nil : try exchange.successor(of: present, among: next, now: now)
        guard let found, isMeant(found) else {
            throw ExchangeFailure.noAnswer(
                TransportFault(
                    .connectionLost, attempted: "ask '\(server)' for its CA's successor",
                    expected: "the one that the request is for", got: next.isEmpty ? "none" : "another"))
        }
        successor = found
        return found
    }

    /// While its place holds no challenge nobody is asked for anything, however often processes start. A command is run
    /// only when what it makes is used.
    func requireChallenge(_ transaction: Transaction) async throws {
        guard showsChallenge(transaction), let source = profile.scep.challenge else { return }
        do {
            switch source.location {
            case .command: break
            case .server(let server): try fetch(from: server).requireCredential()
            case .credential, .file: _ = try await ports.challenge(source)
            }
        } catch {
            throw LocalFailure.challenge(error)
        }
    }

    private func fetch(from server: ChallengeServer) -> ChallengeFetch {
        ChallengeFetch(ports: ports, settings: profile.scep, server: server)
    }

    /// Where the current certificate says who asks, the challenge is left out unless the profile wants it there, too.
    private func showsChallenge(_ transaction: Transaction) -> Bool {
        profile.scep.challenge != nil && (transaction.rung == .challenge || profile.scep.options.challengeOnRenewal)
    }

    /// Whether an EC key signs the request itself, so that the reply can only be encrypted under the challenge. An RSA key in
    /// its place is what most servers know; those of a CA that has no RSA key either know the other.
    private func answersUnderPassword(_ transaction: Transaction, key: PendingKey, _ authority: Authority) -> Bool {
        guard transaction.rung == .challenge, case .ec = profile.key.kind else { return false }
        return key.transport == nil || (profile.key.transport == .auto && authority.needsPassword)
    }

    /// The challenge as the key of a renewal's messages. One that works once is used up by then.
    private func readPassword() async throws -> Secret? {
        guard let source = profile.scep.challenge, !source.singleUse else { return nil }
        if case .server = source.location { return nil }
        return try await readChallenge()
    }

    private func readChallenge() async throws -> Secret? {
        guard let source = profile.scep.challenge else { return nil }
        do {
            guard case .server(let server) = source.location else { return try await ports.challenge(source) }
            // One that was never sent, for a disk that was full, is as good as a new one for a while; NDES keeps an hour's.
            if let unsent, ports.now().timeIntervalSince(unsent.since).magnitude < Self.keptUnsent {
                return unsent.challenge
            }
            let challenge = try await fetch(from: server).challenge()
            unsent = (challenge, ports.now())
            return challenge
        } catch {
            throw LocalFailure.challenge(error)
        }
    }

    private func signer(
        subject: DistinguishedName, key: PendingKey, generation: Generation?, isAnsweredUnderPassword: Bool,
        digest: DigestAlgorithm
    ) throws -> MessageSigner {
        guard let generation else {
            let own = isAnsweredUnderPassword ? key.key : key.transport ?? key.key
            // The one that lies beside the key was made before anything was known of the server.
            if digest == .sha256, let certificate = key.signer, try ports.isPair(own, certificate) {
                return MessageSigner(certificate: certificate, key: own)
            }
            return try RequestComposer.transactionSigner(
                subject: subject, key: own, now: ports.now(), cryptography: ports.cryptography, digest: digest)
        }
        guard let old = try stored({ try store.key(of: generation.number) }) else {
            throw LocalFailure.storage(UnreadableRequest())
        }
        return MessageSigner(certificate: generation.certificate, key: old)
    }

    /// The request in pending/ and what a reply to any message about it must be.
    private func pending() throws -> (PendingRequest, (PKIMessage) -> Expectation) {
        try stored {
            guard let request = try store.pendingRequest(), let key = try key ?? store.pendingKey() else {
                throw UnreadableRequest()
            }
            self.key = key
            let signer: MessageSigner
            if let number = request.signerGeneration {
                guard let generation = try store.generation(number), let old = try store.key(of: number) else {
                    throw UnreadableRequest()
                }
                signer = MessageSigner(certificate: generation.certificate, key: old)
            } else {
                guard let own = try store.pendingSigner(of: request, key: key, ports) else { throw UnreadableRequest() }
                signer = own
            }
            let subject = try DistinguishedName(der: Array(request.subject))
            let accepted = try request.acceptedSubject()
            let publicKeyInfo = try ports.cryptography.publicKeyInfo(of: key)
            let password = try request.isUnderPassword == true ? store.pendingPassword() : nil
            if let password { challenge = password }
            let current = try request.renews.flatMap { try store.generation($0)?.certificate }
            return (
                request,
                { message in
                    Expectation(
                        message: message, signer: signer, publicKeyInfo: publicKeyInfo, subject: subject,
                        accepted: accepted, current: current, password: password)
                }
            )
        }
    }

    private func stored<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            throw LocalFailure.storage(error)
        }
    }
}

/// pending/ or a generation lacks a part that was written before.
struct UnreadableRequest: Error, CustomStringConvertible {
    var description: String { "a file of the request is missing from the profile's folder" }
}

extension Profile {
    /// What root decided about the server, as the exchange takes it.
    func serverPolicy(
        anchors: [Certificate]?, certificates: (String) throws -> [Certificate]
    ) throws -> ServerPolicy {
        ServerPolicy(
            caFingerprints: scep.caFingerprints, allowUnpinnedCA: scep.allowUnpinnedCA,
            raFingerprints: scep.raFingerprints,
            namedCertificates: try (install.chain + install.anchors).flatMap(certificates), installedAnchors: anchors,
            namesTLSAuthority: scep.tlsCA != nil, security: scep.security == .compatible ? .compatible : .rfc8894,
            legacyRequest: scep.legacyRequest, caIdentifier: scep.options.caIdentifier)
    }
}

extension RenderedSubject {
    /// As a request keeps it.
    fileprivate var issuedSubject: Data? {
        switch accepted {
        case .any: Data()
        case .name(let issued): issued == name ? nil : Data(issued.der)
        }
    }
}
