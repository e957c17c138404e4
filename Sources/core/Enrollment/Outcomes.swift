import FoundationEssentials
import SCEP

extension EnrollmentMachine {
    mutating func start(latest: IdentityFacts?, hasPending: Bool, now: Date) -> [EnrollmentAction] {
        isExchanging = false
        isPublishing = false
        // Renaming pending/ to a generation is the commit: what lies there was issued, whatever the state file says.
        if let latest, latest.generation > state.identity?.generation ?? 0 {
            issue(latest, now: now)
        } else if latest == nil, state.identity != nil {
            state.identity = nil
            state.published = nil
            state.raise(.keyLost, detail: "", now: now)
        }
        guard let transaction = state.transaction, transaction.step != .preparing, !hasPending else { return [] }
        state.raise(.keyLost, detail: "the request's key is gone from pending/", now: now)
        return abandon(transaction, now: now)
    }

    mutating func order(_ kind: Transaction.Kind, now: Date) -> [EnrollmentAction] {
        guard !isBusy else { return [.refuseOrder] }
        state.isHalted = false
        state.retry = nil
        state.publishRetry = nil
        if kind == .renew, state.transaction != nil, state.transaction?.step != .preparing {
            state.transaction?.pollAt = nil
            return []
        }
        let usable = state.identity.map { now < $0.notAfter } ?? false
        let hadPending = state.transaction != nil
        open(kind == .renew && usable ? .renew : .enroll, isOrdered: true, now: now)
        return hadPending ? [.discardPending] : []
    }

    mutating func observe(_ authority: [String], _ weaknesses: [String]?, now: Date) {
        guard let server = state.transaction?.server else { return }
        if let known = state.authorities[server], known != authority {
            state.raise(.raChanged, detail: "'\(server)' now uses \(authority.joined(separator: ", "))", now: now)
        } else {
            state.clear([.raChanged])
        }
        state.authorities[server] = authority
        guard let weaknesses else { return }
        if weaknesses.isEmpty {
            state.clear([.weakServer])
        } else {
            state.raise(.weakServer, detail: "it " + weaknesses.joined(separator: ", "), now: now)
        }
    }

    mutating func issue(_ identity: IdentityFacts, now: Date) {
        isExchanging = false
        if let transaction = state.transaction, transaction.kind == .renew {
            state.remembered[transaction.server] = transaction.rung
        }
        let endsSooner = state.identity.map { now < $0.notAfter && identity.notAfter < $0.notAfter } ?? false
        state.identity = identity
        state.transaction = nil
        state.retry = nil
        state.publishRetry = nil
        state.isRevoked = false
        state.isHalted = false
        state.clear(ProblemCode.ofRequests)
        state.clear([.keyLost, .expired, .revoked, .expiresSooner])
        if endsSooner { state.raise(.expiresSooner, detail: "", now: now) }
    }

    /// PENDING: the PKI will decide; ask again, ever more seldom, and not for ever.
    mutating func keepPending(now: Date) -> [EnrollmentAction] {
        isExchanging = false
        guard var transaction = state.transaction else { return [] }
        state.retry = nil
        state.clear(ProblemCode.ofRequests)
        transaction.step = .pending
        transaction.pollAt = Schedule.poll(count: transaction.polls, now: now)
        transaction.polls += 1
        transaction.unanswered = 0
        state.transaction = transaction
        let waited = now.timeIntervalSince(transaction.startedAt)
        guard transaction.polls > Schedule.mostPolls || waited > Schedule.longestPending else { return [] }
        state.setRequestProblem(.pendingTooLong, detail: "waiting since \(transaction.startedAt)", now: now)
        return end(transaction, sort: .refused, now: now)
    }

    /// FAILURE, authenticated: the next rung, or an end.
    mutating func refuse(_ info: FailInfo?, _ text: String?, now: Date) -> [EnrollmentAction] {
        isExchanging = false
        guard let transaction = state.transaction else { return [] }
        // The server does not know a request whose reply was lost: it may be made anew, if its challenge may.
        if transaction.step == .sent, transaction.isRecovering {
            return abandon(transaction, now: now)
        }
        if transaction.step == .sent, climb(now: now) { return [] }
        let detail = [info?.name ?? "no failInfo", text].compactMap { $0 }.joined(separator: ": ")
        let code: ProblemCode =
            switch info {
            case .badTime: .clockRefused
            case .badMessageCheck where transaction.challengeSent, .badRequest where transaction.challengeSent:
                .challengeRefused
            default: .refused
            }
        state.setRequestProblem(code, detail: detail, now: now)
        return end(transaction, sort: .refused, now: now)
    }

    /// The transaction is over without a certificate. A challenge that works once is not shown again.
    private mutating func end(_ transaction: Transaction, sort: FailureSort, now: Date) -> [EnrollmentAction] {
        state.transaction = nil
        if transaction.challengeSent, rules.singleUseChallenge { state.isHalted = true }
        scheduleRetry(sort, now: now)
        return [.discardPending]
    }

    /// The fate of a sent request cannot be learned. With a reusable challenge a new one is made, after a pause.
    mutating func abandon(_ transaction: Transaction, now: Date) -> [EnrollmentAction] {
        if transaction.challengeSent, rules.singleUseChallenge {
            state.setRequestProblem(.challengeSpent, detail: "to '\(transaction.server)'", now: now)
            state.isHalted = true
            state.transaction = nil
        } else {
            var again = transaction
            restart(&again)
            state.transaction = again
            scheduleRetry(.unreachable, now: now)
        }
        return [.discardPending]
    }

    mutating func scheduleRetry(_ sort: FailureSort, now: Date) {
        let count = (state.retry?.count ?? 0) + 1
        state.retry = Retry(
            at: Schedule.retry(
                after: sort, count: count, fraction: rules.fraction, validUntil: state.identity?.notAfter, now: now),
            count: count, sort: sort)
    }

    mutating func failPublishing(_ code: ProblemCode, _ detail: String, now: Date) {
        isPublishing = false
        state.clear(ProblemCode.ofPublishing)
        state.raise(code, detail: detail, now: now)
        let count = (state.publishRetry?.count ?? 0) + 1
        state.publishRetry = Retry(
            at: Schedule.retry(
                after: .local, count: count, fraction: rules.fraction, validUntil: state.identity?.notAfter, now: now),
            count: count, sort: .local)
    }
}
