import Enrollment
import Faults
import FoundationEssentials
import Installation
import JournalEntries
import Profiles
import SCEP
import Secrets
import X509

extension ProfileRunner {
    /// Discovers the server while the key is made, then composes the request and syncs both to pending/.
    func prepare(_ transaction: Transaction) async {
        var seen: [EnrollmentEvent] = []
        do {
            report(step: "discovering")
            let subject = try await renderSubject()
            let run = try openRun(transaction.server)
            try await run.requireChallenge(transaction)
            async let pendingKey = key(for: subject.name)
            let authority = try await run.discover()
            seen = [.observed(authority, weaknesses: nil)]
            // What the server lists may have another message come first.
            let chosen = foreseen(seen).transaction ?? transaction
            if let next = await nextCertificates(run) {
                seen.append(.announced(unpinned: run.unpinned(next)))
                follow(next, run, chosen)
            }
            let key = try await pendingKey
            let (id, challengeSent) = try await run.compose(chosen, subject: subject, key: key, current: generation)
            feed(
                seen + [
                    .prepared(
                        id: id, challengeSent: challengeSent, rung: chosen.rung, isAhead: run.successor != nil)
                ])
        } catch {
            fail(error, wasSent: false, after: seen)
        }
    }

    /// The state after what was seen, which is saved with what comes of it.
    private func foreseen(_ events: [EnrollmentEvent]) -> EnrollmentState {
        var next = machine
        for event in events { _ = next.handle(event, now: ports.now()) }
        return next.state
    }

    /// What the server says of its CA's successor, if that is believed.
    private func nextCertificates(_ run: TransactionRun) async -> [Certificate]? {
        run.successor = nil
        do {
            return try await run.nextCertificates()
        } catch {
            ports.log(ignored: "\(name): the CA's next certificates were not believed: \(error)", [.profile: "\(name)"])
            return nil
        }
    }

    /// Has a successor that root's files name asked by the renewals that only it can grant. Nobody waits for those: who
    /// orders one wants it now.
    private func follow(_ next: [Certificate], _ run: TransactionRun, _ transaction: Transaction) {
        guard run.unpinned(next).isEmpty, transaction.kind == .renew, transaction.rung != .challenge,
            transaction.succession != .refused, !transaction.isOrdered, orders.isEmpty, let generation
        else { return }
        do {
            try run.follow(next, in: generation.certificate)
        } catch {
            ports.log(ignored: "\(name): the CA's successor is not asked: \(error)", [.profile: "\(name)"])
        }
    }

    /// Sends the request. From here on it may have arrived.
    func send() async {
        guard let transaction = document.state.transaction else { return }
        await converse(transaction.server, step: "requesting") {
            try await $0.send(challengeSent: transaction.challengeSent)
        }
    }

    /// Asks after a request that is pending, or whose reply was lost; nobody where the certificate is there already, and
    /// only the disk did not take it.
    func poll(_ transaction: Transaction) async {
        if let unkept {
            do { try conclude(.issued(unkept)) } catch { fail(error, wasSent: true) }
            return
        }
        await converse(transaction.server, step: "asking") { try await $0.poll(transaction) }
    }

    private func converse(
        _ server: String, step: String, _ exchange: (TransactionRun) async throws -> (Verdict, [Weakness])
    ) async {
        var seen: [EnrollmentEvent] = []
        do {
            report(step: step)
            let run = try openRun(server)
            let authority: Authority
            do {
                authority = try await run.discover()
            } catch {
                if Task.isCancelled { return }
                self.run = nil
                return feed(.failed(ExchangeTrouble(error, wasSent: false).beforePoll))
            }
            let (verdict, weaknesses) = try await exchange(run)
            seen = [.observed(authority, weaknesses: weaknesses, of: verdict)]
            try conclude(verdict, after: seen)
        } catch {
            fail(error, wasSent: true, after: seen)
        }
    }

    private func conclude(_ verdict: Verdict, after seen: [EnrollmentEvent] = []) throws {
        switch verdict {
        case .pending:
            report(step: "pending")
            run = nil
            feed(seen + [.replyPending])
        case .refused(let info, let text):
            let showedChallenge = document.state.transaction?.challengeSent == true
            guard let info, let hint = hint(for: .failInfo(info.name, challengeSent: showedChallenge)) else {
                return feed(seen + [.refused(info, text: text)])
            }
            feed(seen + [.refused(info, text: text.map { "\($0); \(hint)" } ?? hint)])
        case .issued(let issued):
            let new: Generation
            unkept = issued
            do {
                new = try store.commitPending(issued, at: ports.now(), machine: context.machine)
            } catch {
                throw LocalFailure.storage(error)
            }
            if new.usedFrom == nil { generation = new } else { waiting = new }
            unkept = nil
            run = nil
            report(step: "issued")
            logIssued(new)
            feed(seen + [.issued(new.facts)])
        }
    }

    private func logIssued(_ new: Generation) {
        var fields: [JournalField: String] = [.profile: "\(name)", .generation: "\(new.number)"]
        fields[.transaction] = document.state.transaction?.id
        fields[.fingerprint] = Hexadecimal.string(ports.cryptography.sha256(new.certificate.der)).lowercased()
        let certificate = new.certificate
        ports.log(
            JournalEntry(
                .identityIssued,
                "\(name): certificate \(certificate.serialHex) issued, valid until \(certificate.notAfter)"
                    + (new.usedFrom.map { ", to be used from \($0) on" } ?? ""), fields))
    }

    private func fail(_ error: any Error, wasSent: Bool, after seen: [EnrollmentEvent] = []) {
        if Task.isCancelled { return }
        switch error as? ExchangeFailure {
        // The connection is broken; or the server's certificates changed under the transaction, and are asked for anew.
        case .noAnswer, .untrusted: run = nil
        case .status, nil: break
        }
        var trouble = ExchangeTrouble(error, wasSent: wasSent)
        if case .status(let status, _, _)? = error as? ExchangeFailure,
            let hint = hint(for: wasSent ? .status(status) : .discovery(status))
        {
            trouble.detail += "; \(hint)"
        }
        feed(seen + [.failed(trouble)])
    }

    /// What the server's product means by its answer.
    private func hint(for answer: ServerKind.Answer) -> String? {
        let said = profile.scep.options.server
        let server = said == .auto ? ServerKind(servedAt: document.state.transaction?.server ?? "") : said
        return server.hint(for: answer)
    }

    /// The run of the transaction, kept as long as it stays with one server: one connection for all of it.
    private func openRun(_ server: String) throws -> TransactionRun {
        let identity = shownIdentity
        if let run, run.server == server, run.shown == identity?.number, run.profile == profile { return run }
        let new = try TransactionRun(
            server, profile: profile, anchors: context.anchors, known: machine.state.capabilities[server] ?? [],
            shows: identity, ports: ports, store: store)
        run = new
        return new
    }

    /// Who renews shows what it renews, to an HTTPS server that asks. An enrollment has nothing to show.
    private var shownIdentity: Generation? {
        let state = document.state
        guard state.transaction?.kind == .renew, !state.isForeign, !state.isRevoked, let generation,
            ports.now() < generation.certificate.notAfter
        else { return nil }
        return generation
    }

    /// Whether files that the profile names, for want of which an exchange could not begin, can be used now.
    var hasFoundFiles: Bool {
        guard machine.state.has(.profileInvalid), let server = machine.rules.servers.first else { return false }
        return
            (try? TransactionRun(
                server, profile: profile, anchors: context.anchors, known: machine.state.capabilities[server] ?? [],
                ports: ports, store: store))
            != nil
    }

    /// The key in pending/, or a new one there. A try that never got to send leaves its key for the next.
    private func key(for subject: DistinguishedName) async throws -> PendingKey {
        let now = ports.now()
        let kind = profile.key.keyKind
        let hasTransport = !kind.receives && profile.key.transport != .password
        do {
            let transport = hasTransport ? try store.pendingTransportKey() : nil
            if let key = try store.pendingKey(), !hasTransport || transport != nil {
                _ = try ports.cryptography.publicKeyInfo(of: key)
                let publicKeyInfo = try ports.cryptography.publicKeyInfo(of: transport ?? key)
                let signer = try store.pendingSigner()
                let fits = signer.map { $0.isTransactionSigner(for: subject, publicKeyInfo, at: now) } ?? false
                return PendingKey(key: key, transport: transport, signer: fits ? signer : nil)
            }
        } catch let fault as CryptographyFault where fault.code == .unusableKey {
            // It stood in no request: another takes its place.
        } catch {
            throw LocalFailure.storage(error)
        }
        let made = try await keys.generate(kind, hasTransport: hasTransport, subject: subject, now: now)
        do {
            try store.save(made)
        } catch {
            throw LocalFailure.storage(error)
        }
        return made
    }

    /// The subject with this machine's values. The serial number is root's to read, so the installer is asked: once a
    /// process, since no machine changes it while it runs.
    func renderSubject() async throws -> RenderedSubject {
        do {
            var facts = context.facts
            if try profile.subject.variables.contains(.serialNumber) {
                if serialNumber == nil { serialNumber = try await ports.installer.deviceFacts().productSerial }
                facts[.serialNumber] = serialNumber
            }
            return try profile.subject.render(facts)
        } catch {
            throw LocalFailure.subject(error)
        }
    }
}

extension Certificate {
    /// Whether it is what a request for this subject and key would be signed by now. An older one might end before the PKI
    /// has decided.
    fileprivate func isTransactionSigner(
        for subject: DistinguishedName, _ publicKeyInfo: [UInt8], at now: Date
    ) -> Bool {
        self.subject.der == subject.der && self.publicKeyInfo == publicKeyInfo && notBefore <= now
            && now.timeIntervalSince(notBefore) < 2 * 86_400
    }
}

extension KeySettings {
    /// What a key is made as.
    fileprivate var keyKind: KeyKind {
        switch kind {
        case .rsa(let bits): .rsa(bits: bits)
        case .ec(let curve): .ec(curve)
        }
    }
}

extension EnrollmentEvent {
    /// - Parameters:
    ///   - weaknesses: of an authentic reply; nil before one came.
    ///   - verdict: what that said.
    fileprivate static func observed(
        _ authority: Authority, weaknesses: [Weakness]?, of verdict: Verdict? = nil
    ) -> EnrollmentEvent {
        let isRefusal = if case .refused? = verdict { true } else { false }
        return .observed(
            authority: authority.identity, capabilities: authority.listedCapabilities.registered,
            weaknesses: weaknesses?.map(\.description), isRefusal: isRefusal)
    }
}
