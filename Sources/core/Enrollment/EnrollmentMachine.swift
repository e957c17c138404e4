package import FoundationEssentials
import SCEP

/// Decides what an enrollment does next. It never does it.
///
/// Feed it what happened and the time, write `state`, then carry out the actions that it returned, in their order,
/// and feed back what came of them. It neither sees bytes nor knows a clock.
package struct EnrollmentMachine: Sendable, Equatable {
    package internal(set) var state: EnrollmentState
    /// What the profile says now; a changed profile may be set at any time, followed by `.ticked`.
    package var rules: EnrollmentRules
    /// An action that reports back is out. Not persisted: a new process has none.
    var isExchanging = false
    package internal(set) var isPublishing = false
    /// The profile, or a file that it has installed, changed while that was being done: it is done once more.
    var isPublishingOutdated = false

    package init(state: EnrollmentState, rules: EnrollmentRules) {
        self.state = state
        self.rules = rules
    }

    /// Whether an exchange or a publication is under way, so that the process must stay.
    package var isBusy: Bool { isExchanging || isPublishing }

    /// Takes what happened, changes `state`, and answers with what is to be done, in order.
    package mutating func handle(_ event: EnrollmentEvent, now: Date) -> [EnrollmentAction] {
        var actions: [EnrollmentAction] = []
        switch event {
        case .started(let latest, let hasPending, let next):
            actions = start(latest: latest, next: next, hasPending: hasPending, now: now)
        case .ticked: break
        case .repaired: repair()
        // Who has just changed the profile orders what it says now: the change must not end what the order begins.
        case .ordered(let kind):
            if kind == .enroll, !isBusy { forgetServers() }
            actions = noticeChangedProfile() + order(kind, now: now)
        case .prepared(let id, let challengeSent, let rung, let isAhead):
            actions = prepared(id: id, challengeSent: challengeSent, rung, isAhead: isAhead, now: now)
        case .observed(let authority, let capabilities, let weaknesses, let isRefusal):
            observe(capabilities, isProven: weaknesses != nil && !isRefusal, now: now)
            observe(authority, weaknesses, now: now)
        case .announced(let unpinned): noticeNextAuthority(unpinned, now: now)
        case .issued(let identity): issue(identity, now: now)
        case .replyPending: actions = keepPending(now: now)
        case .refused(let info, let text): actions = refuse(info, text, now: now)
        case .failed(let trouble): actions = fail(trouble, now: now)
        case .published(let generation): confirmPublished(generation)
        case .publishFailed(let code, let detail): failPublishing(code, detail, now: now)
        case .foundNewerPublished(let detail):
            failPublishing(.installRefused, detail, now: now)
            state.outdatedGeneration = state.outdatedGeneration ?? state.identity?.generation
        case .publicationAltered(let detail): noticeAlteredPublication(detail, now: now)
        case .tagged(let value): state.tag = TagMemory(value: value, since: now)
        case .revocation(let isRevoked): noticeRevocation(isRevoked, now: now)
        }
        return actions + proceed(now: now)
    }

    /// The actions of the present state: what is due starts, and the wait for the rest is named.
    private mutating func proceed(now: Date) -> [EnrollmentAction] {
        succeed(now: now)
        noticeChangedFiles()
        noticeClock(now: now)
        var actions = noticeChangedProfile() + noticeExpiry(now: now) + withholdChallenge(now: now)
        if let generation = unpublished, !isPublishing, due(state.publishRetry, now: now) <= now {
            isPublishing = true
            actions.append(.publish(generation: generation))
        }
        if !isExchanging, let exchange = nextExchange(now: now) {
            isExchanging = true
            actions.append(exchange)
        }
        noticeSpentChallenge(now: now)
        return actions + [.wait(until: nextLook(now: now))]
    }

    private mutating func nextExchange(now: Date) -> EnrollmentAction? {
        if let plan = planned(now: now), plan.at <= now { open(plan.kind, now: now) }
        guard let transaction = state.transaction, due(transaction, now: now) <= now else { return nil }
        return transaction.step == .preparing ? .prepare(transaction) : .poll(transaction)
    }

    /// The request is composed and synced. From here on it counts as one that may have arrived.
    private mutating func prepared(
        id: String, challengeSent: Bool, _ rung: Rung?, isAhead: Bool, now: Date
    ) -> [EnrollmentAction] {
        guard var transaction = state.transaction, isExchanging, transaction.step == .preparing else { return [] }
        // The identity may have been found revoked while the request was made, or good.
        guard !challengeSent || mayShowChallenge(transaction), !isUncalledFor(transaction, now: now) else {
            isExchanging = false
            return dropTransaction()
        }
        transaction.id = id
        transaction.challengeSent = challengeSent
        // The profile may have changed while it was composed.
        transaction.rung = rung ?? transaction.rung
        if isAhead { transaction.succession = .asked }
        transaction.step = .sent
        transaction.keyIsSpent = false
        state.transaction = transaction
        if challengeSent, rules.singleUseChallenge { state.isChallengeSpent = true }
        return [.send(transaction)]
    }
}
