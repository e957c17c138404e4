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
    var isPublishing = false

    package init(state: EnrollmentState, rules: EnrollmentRules) {
        self.state = state
        self.rules = rules
    }

    /// Whether an exchange or a publication is under way, so that the process must stay.
    package var isBusy: Bool { isExchanging || isPublishing }

    package mutating func handle(_ event: EnrollmentEvent, now: Date) -> [EnrollmentAction] {
        var actions: [EnrollmentAction] = []
        switch event {
        case .started(let latest, let hasPending): actions += start(latest: latest, hasPending: hasPending, now: now)
        case .ticked: break
        case .ordered(let kind): actions += order(kind, now: now)
        case .prepared(let id, let challengeSent):
            guard state.transaction != nil else { break }
            state.transaction?.id = id
            state.transaction?.challengeSent = challengeSent
            state.transaction?.step = .sent
            state.transaction?.polls = 0
            if let transaction = state.transaction { return [.send(transaction)] }
        case .observed(let authority, let weaknesses): observe(authority, weaknesses, now: now)
        case .issued(let identity): issue(identity, now: now)
        case .replyPending: actions += keepPending(now: now)
        case .refused(let info, let text): actions += refuse(info, text, now: now)
        case .failed(let trouble): actions += fail(trouble, now: now)
        case .published(let generation):
            isPublishing = false
            state.published = generation
            state.publishRetry = nil
            state.clear(ProblemCode.ofPublishing)
        case .publishFailed(let code, let detail): failPublishing(code, detail, now: now)
        case .tagged(let value): state.tag = TagMemory(value: value, since: now)
        case .revocation(let isRevoked):
            state.isRevoked = isRevoked
            if isRevoked { state.raise(.revoked, detail: "", now: now) } else { state.clear([.revoked]) }
        }
        return actions + proceed(now: now)
    }

    /// The actions of the present state: what is due starts, and the wait for the rest is named.
    private mutating func proceed(now: Date) -> [EnrollmentAction] {
        noticeChangedProfile()
        noticeExpiry(now: now)
        var actions: [EnrollmentAction] = []
        if let generation = unpublished, !isPublishing, (state.publishRetry?.at ?? now) <= now {
            isPublishing = true
            actions.append(.publish(generation: generation))
        }
        if !isExchanging, let exchange = nextExchange(now: now) {
            isExchanging = true
            actions.append(exchange)
        }
        return actions + [.wait(until: nextDue(now: now))]
    }

    /// The generation that is current and not yet published.
    private var unpublished: Int? {
        guard let identity = state.identity, state.published != identity.generation else { return nil }
        return identity.generation
    }

    private mutating func nextExchange(now: Date) -> EnrollmentAction? {
        if state.transaction == nil, !state.isHalted, (state.retry?.at ?? now) <= now { begin(now: now) }
        guard !state.isHalted, let transaction = state.transaction, dueTime(of: transaction, now: now) <= now else {
            return nil
        }
        return transaction.step == .preparing ? .prepare(transaction) : .poll(transaction)
    }

    private func dueTime(of transaction: Transaction, now: Date) -> Date {
        max(state.retry?.at ?? now, transaction.pollAt ?? now)
    }

    /// Starts the transaction that is due by itself, if one is.
    private mutating func begin(now: Date) {
        guard let identity = state.identity else {
            if mayEnrollByItself { open(.enroll, now: now) }
            return
        }
        if identity.notAfter <= now || state.isRevoked {
            if mayEnrollByItself { open(.enroll, now: now) }
        } else if renewalTime(of: identity) <= now {
            open(.renew, now: now)
        }
    }

    /// No challenge is sent by itself while the identity is revoked, unless root's profile lets it.
    private var mayEnrollByItself: Bool { !state.isRevoked || rules.enrollsAfterRevocation }

    /// Makes a transaction with the first server and the first rung of its ladder.
    mutating func open(_ kind: Transaction.Kind, isOrdered: Bool = false, now: Date) {
        guard let server = rules.servers.first else { return }
        var transaction = Transaction(kind: kind, rung: .challenge, server: server, startedAt: now)
        transaction.isOrdered = isOrdered
        transaction.rung = ladder(of: transaction, now: now).first ?? .challenge
        state.transaction = transaction
    }

    package func renewalTime(of identity: IdentityFacts) -> Date {
        Schedule.renewal(
            notBefore: identity.notBefore, notAfter: identity.notAfter, at: rules.renewAt, spread: rules.spread,
            fraction: rules.fraction)
    }

    /// When the machine wants to be asked again.
    package func nextDue(now: Date) -> Date? {
        var times: [Date] = []
        if unpublished != nil, !isPublishing, let retry = state.publishRetry { times.append(retry.at) }
        if let transaction = state.transaction {
            if !isExchanging, !state.isHalted { times.append(dueTime(of: transaction, now: now)) }
        } else if let retry = state.retry, !state.isHalted {
            times.append(retry.at)
        } else if let identity = state.identity, !state.isHalted, !state.isRevoked {
            times.append(renewalTime(of: identity))
        }
        return times.min()
    }

    private mutating func noticeChangedProfile() {
        guard state.profileDigest != rules.profileDigest else { return }
        if state.profileDigest != nil {
            state.retry = nil
            state.publishRetry = nil
            state.isHalted = false
            // A request that was not sent may be made anew; one that may have arrived is still asked after.
            if state.transaction?.step == .preparing, !isExchanging { state.transaction = nil }
        }
        state.profileDigest = rules.profileDigest
    }

    private mutating func noticeExpiry(now: Date) {
        guard let identity = state.identity else { return }
        guard identity.notAfter <= now else { return state.clear([.expired]) }
        state.raise(.expired, detail: "", now: now)
        // What is expired signs nothing any more: go on with the challenge.
        if let transaction = state.transaction, transaction.step == .preparing, transaction.kind == .renew,
            !isExchanging
        {
            state.transaction = nil
        }
    }
}
