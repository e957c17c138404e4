import DeviceTag
import Enrollment
import FoundationEssentials
import JournalEntries
import Profiles
import SCEP
import Secrets
import X509

extension ProfileRunner {
    /// Judges the device tag anew in the background.
    func judge() {
        if judging == nil, queued == nil { _ = enqueueJudgement() }
    }

    /// Whether this process does not know the device tag yet, and is about to.
    var awaitsFirstJudgement: Bool { verdict == nil && (judging != nil || queued != nil || machine.isPublishing) }

    /// Judges the device tag from now on, not from a moment ago, and returns with the verdict in place. However many
    /// ask at once, one judgement runs and one waits for it.
    func judgeAnew() async {
        await (queued ?? enqueueJudgement()).value
    }

    private func enqueueJudgement() -> Task<Void, Never> {
        let running = judging
        let task = onAgent { runner in
            await running?.value
            runner.judging = runner.queued
            runner.queued = nil
            await runner.judgeNow()
            runner.judging = nil
            guard !runner.isStopped else { return }
            runner.settleOrders()
            await runner.changed(.content)
        }
        queued = task
        return task
    }

    /// Judges the device tag from what is on this machine and, where the profile asks, from fresh revocation lists.
    private func judgeNow() async {
        let now = ports.now()
        guard let generation else {
            let requested = document.state.transaction?.step == .pending || document.state.transaction?.step == .sent
            let evidence = TagEvidence(certificate: nil, isRequested: requested)
            return conclude(
                DeviceTag.judge(evidence, rules: rules(subject: nil), now: now), isRevoked: nil, now: now)
        }
        let rules = rules(subject: try? await renderSubject())
        let chain = generation.chain + (generation.root.map { [$0] } ?? [])
        let authorities = identificationAuthorities(chain)
        let path = DeviceTag.path(
            from: generation.certificate, chain: chain, identificationCAs: authorities, now: now,
            crypto: ports.cryptography)
        var fetched: [String: RevocationListFetch] = [:]
        for url in DeviceTag.revocationListURLs(for: path, rules: rules) {
            fetched[url] = await fetch(url, for: path.whole)
        }
        // A list that was not fetched because the process ends tells nothing.
        guard !isStopped else { return }
        // A key that cannot be read now is not gone.
        let key = Result { try store.key(of: generation.number) }
        let isCopied = document.state.isForeign
        var evidence = DeviceTag.evidence(
            certificate: generation.certificate, chain: chain, key: try? key.get(), isCopied: isCopied,
            publication: publication, identificationCAs: authorities, rules: rules, fetched: fetched, now: now,
            crypto: ports.cryptography)
        evidence.isSucceeded = waiting?.usedFrom.map { $0 <= generation.certificate.notAfter } ?? false
        if case .failure(let error) = key, !isCopied { evidence.key = .unreadable("\(error)") }
        guard generation == self.generation else { return await judgeNow() }
        let own = evidence.revocation.first { $0.certificate == generation.certificate }?.deciding?.outcome
        let isRevoked: Bool? =
            switch own {
            case .listed: true
            case .good: false
            default: nil
            }
        conclude(DeviceTag.judge(evidence, rules: rules, now: now), isRevoked: isRevoked, now: now)
    }

    private func conclude(_ verdict: TagVerdict, isRevoked: Bool?, now: Date) {
        let isOtherEnd = self.verdict?.validUntil != verdict.validUntil
        self.verdict = verdict
        if isOtherEnd { arm(armed) }
        if let isRevoked, isRevoked != document.state.isRevoked { feed(.revocation(isRevoked: isRevoked)) }
        if knownTag != verdict.value.rawValue {
            var fields: [JournalField: String] = [.profile: "\(name)", .tag: verdict.value.rawValue]
            fields[.generation] = generation.map { "\($0.number)" }
            ports.log(
                JournalEntry(
                    .tagChanged, "\(name): device tag: \(verdict.value.rawValue)", fields,
                    level: verdict.value == .valid ? .notice : nil))
            feed(.tagged(verdict.value.rawValue))
        }
    }

    /// The value as it was told last, saved or not.
    private var knownTag: String? {
        for case .tagged(let value) in unsaved?.events ?? [] { return value }
        return document.state.tag?.value
    }

    private func rules(subject: RenderedSubject?) -> TagRules {
        let settings = profile.deviceTag
        return TagRules(
            gateway: .mdca, requireRevocationCheck: settings.requireRevocationCheck,
            revocationListURLs: settings.revocationListURLs, subject: subject?.accepted,
            alternativeNames: subject?.alternativeNames ?? [])
    }

    /// What programs find: the installer read back what it published, and each look at it since found it there.
    private var publication: PublicationEvidence {
        guard let published = document.state.published, let generation else { return .absent }
        // One that stands in for a later one, of which the agent's own copy was lost, takes nothing from readers.
        if published >= generation.number { return .current }
        guard let earlier = try? store.generation(published) else { return .absent }
        return .earlier(notAfter: earlier.certificate.notAfter)
    }

    /// What the gateway was given; by default the pinned CA, which the chain holds.
    private func identificationAuthorities(_ chain: [Certificate]) -> [Certificate] {
        if !profile.deviceTag.identificationCAs.isEmpty {
            return profile.deviceTag.identificationCAs.flatMap { (try? ports.certificates($0)) ?? [] }
        }
        let named = (profile.install.chain + profile.install.anchors).flatMap { (try? ports.certificates($0)) ?? [] }
        if profile.scep.caFingerprints.isEmpty { return chain.last.map { [$0] } ?? [] }
        return (chain + named).filter { profile.scep.caFingerprints.contains(ports.cryptography.sha256($0.der)) }
    }

    /// A revocation list, fetched anew, from each place once a second at most: anybody on the machine may ask for the
    /// tag. Where the place does not answer, or what it answers is not the CA's or older, the last list from there counts as
    /// long as it is current.
    private func fetch(_ url: String, for path: [Certificate]) async -> RevocationListFetch {
        let digest = Hexadecimal.string(ports.cryptography.sha256(Array(url.utf8))).lowercased()
        let cached = store.revocationList(digest)
        let now = ports.now()
        if let last = lastFetch[url], last <= now, now < last.addingTimeInterval(1) {
            await ports.wait(last.addingTimeInterval(1))
        }
        lastFetch[url] = ports.now()
        do {
            let access = EndpointAccess(proxy: try ports.proxy(profile.scep.proxy))
            let response = try await ports.transport(access).exchange(
                HTTPRequest(
                    method: .get, url: url, limit: ProfileStore.revocationListLimit,
                    deadline: ExchangeLimits.deadline))
            guard response.status == 200 else {
                return cached.map { .fetched($0) } ?? .unreachable("HTTP status \(response.status)")
            }
            guard response.body != cached else { return .fetched(response.body) }
            guard
                RevocationCheck.supersedes(
                    response.body, cached, from: url, path: path, crypto: ports.cryptography, now: ports.now())
            else { return .fetched(cached ?? response.body) }
            try? store.save(revocationList: response.body, digest: digest)
            return .fetched(response.body)
        } catch {
            return cached.map { .fetched($0) } ?? .unreachable("\(error)")
        }
    }
}
