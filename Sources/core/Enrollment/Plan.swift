package import FoundationEssentials

/// What starts by itself, and when.
extension EnrollmentMachine {
    /// When the next exchange or publication falls due; nil where none is planned.
    package func nextDue(now: Date) -> Date? { upcoming(now: now).map(\.at).min() }

    /// What people are told comes next, and when: what is being published comes now.
    package func nextStep(now: Date) -> (step: NextStep, at: Date)? {
        isPublishing ? (.publish, now) : upcoming(now: now).min { $0.at < $1.at }
    }

    /// What starts by itself and is not under way.
    private func upcoming(now: Date) -> [(step: NextStep, at: Date)] {
        var steps: [(step: NextStep, at: Date)] = []
        if unpublished != nil, !isPublishing { steps.append((.publish, due(state.publishRetry, now: now))) }
        if let from = state.next?.usedFrom { steps.append((.publish, max(from, now))) }
        if let transaction = state.transaction {
            let step = transaction.step == .preparing ? NextStep(transaction.kind) : .poll
            if !isExchanging { steps.append((step, due(transaction, now: now))) }
        } else if let plan = planned(now: now) {
            steps.append((NextStep(plan.kind), plan.at))
        }
        return steps
    }

    /// When the machine wants to be asked again: no wait goes past the certificate's end, which is itself a change.
    func nextLook(now: Date) -> Date? {
        let end = state.identity.flatMap { now < $0.notAfter ? $0.notAfter : nil }
        // Then people are told that a challenge is needed.
        let renewal = state.identity.flatMap { awaitsChallengeToRenew($0) ? renewalTime(of: $0) : nil }
        return [nextDue(now: now), end, renewal.flatMap { now < $0 ? $0 : nil }].compactMap { $0 }.min()
    }

    /// The moment of the identity's renewal.
    ///
    /// A CA may date a certificate back so far that the moment lies before it was obtained; then what is left of the
    /// lifetime counts, so that one renewal does not follow on the other.
    package func renewalTime(of identity: IdentityFacts) -> Date {
        let time = Schedule.renewal(
            notBefore: identity.notBefore, notAfter: identity.notAfter, at: rules.renewAt, spread: rules.spread,
            fraction: rules.fraction)
        guard let obtained = state.obtainedAt, time <= obtained, obtained < identity.notAfter else { return time }
        return Schedule.renewal(
            notBefore: obtained, notAfter: identity.notAfter, at: rules.renewAt, spread: rules.spread,
            fraction: rules.fraction)
    }

    /// The generation that is current and not yet published. One that is older than what is published stands in for it
    /// where the agent's own copy was lost: readers keep what they have.
    var unpublished: Int? {
        guard let identity = state.identity, state.published ?? 0 < identity.generation else { return nil }
        return identity.generation
    }

    /// The transaction that starts next by itself; nil while one is open, or where only a person can start one.
    func planned(now: Date) -> (kind: Transaction.Kind, at: Date)? {
        guard state.transaction == nil, !rules.servers.isEmpty else { return nil }
        if needsEnrollment(now: now) {
            guard mayEnrollByItself else { return nil }
            return (.enroll, due(state.retry, now: now))
        }
        guard let identity = state.identity, state.next == nil, !awaitsChallengeToRenew(identity) else { return nil }
        let isOutdated = identity.generation == state.outdatedGeneration
        return (.renew, max(isOutdated ? now : renewalTime(of: identity), due(state.retry, now: now)))
    }

    /// Whether there is no identity that could sign a request for the next; one that has ended leaves its place to the one
    /// that waits.
    func needsEnrollment(now: Date) -> Bool {
        guard let identity = state.identity else { return true }
        return (identity.notAfter <= now && state.next == nil) || state.isRevoked || state.isForeign
    }

    /// No challenge is sent by itself while the identity is revoked, or another machine's, unless root's profile lets it;
    /// and one that works once is not shown twice.
    private var mayEnrollByItself: Bool {
        (!state.isRevoked || rules.enrollsAfterRevocation) && (!state.isForeign || rules.enrollsAfterCloning)
            && !needsNewChallenge
    }

    /// Whether only the challenge renews this identity, and it is used up.
    func awaitsChallengeToRenew(_ identity: IdentityFacts) -> Bool { identity.isSignOnly && needsNewChallenge }

    /// Whether the profile's only challenge is used up.
    var needsNewChallenge: Bool { rules.hasChallenge && rules.singleUseChallenge && state.isChallengeSpent }

    /// Whether this transaction may carry the challenge. Who ordered it answers for that.
    func mayShowChallenge(_ transaction: Transaction) -> Bool { transaction.isOrdered || mayEnrollByItself }

    /// Makes a transaction with the first server and the first rung of its ladder.
    mutating func open(_ kind: Transaction.Kind, isOrdered: Bool = false, now: Date) {
        guard let server = rules.servers.first else { return }
        var transaction = Transaction(kind: kind, rung: .challenge, server: server, startedAt: now)
        transaction.isOrdered = isOrdered
        transaction.rung = ladder(of: transaction, now: now).first ?? .challenge
        state.transaction = transaction
    }

    /// Ends the transaction without a verdict; its key and request are of no use any more.
    mutating func dropTransaction() -> [EnrollmentAction] {
        state.transaction = nil
        return [.discardPending]
    }

    func due(_ transaction: Transaction, now: Date) -> Date {
        max(due(state.retry, now: now), plausible(transaction.pollAt, now: now))
    }

    func due(_ retry: Retry?, now: Date) -> Date { plausible(retry?.at, now: now) }

    /// A time further ahead than any wait was set by a clock that was wrong: it counts as now.
    private func plausible(_ time: Date?, now: Date) -> Date {
        guard let time, time.timeIntervalSince(now) <= Schedule.longestWait else { return now }
        return time
    }
}

/// What the agent does by itself, as the status names it.
package enum NextStep: String, Sendable, Equatable {
    case enroll, renew, poll, publish

    init(_ kind: Transaction.Kind) {
        self = kind == .renew ? .renew : .enroll
    }
}
