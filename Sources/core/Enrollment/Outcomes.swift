import FoundationEssentials
import SCEP

/// What an authenticated reply leads to.
extension EnrollmentMachine {
    mutating func observe(_ authority: [String], _ weaknesses: [String]?, now: Date) {
        guard let transaction = state.transaction else { return }
        let server = transaction.server
        if let known = state.authorities[server], known != authority {
            state.clear([.raChanged])
            state.raise(.raChanged, detail: "'\(server)' now uses \(authority.joined(separator: ", "))", now: now)
        } else if state.problems.contains(where: { $0.code == .raChanged && $0.since < transaction.startedAt }) {
            // The alarm outlives the transaction that raised it.
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

    /// The certificate is a generation on disk.
    mutating func issue(_ identity: IdentityFacts, now: Date) {
        isExchanging = false
        // Where there was a choice of rungs.
        if let transaction = state.transaction, transaction.kind == .renew, state.identity?.isSignOnly == false {
            state.remembered[transaction.server] = transaction.rung
        }
        endTransaction()
        if identity.waits(now: now) { state.next = identity } else { use(identity, now: now) }
    }

    mutating func endTransaction() {
        state.transaction = nil
        state.retry = nil
        state.clear(ProblemCode.ofRequests)
    }

    /// From now on it is the current one.
    mutating func use(_ identity: IdentityFacts, now: Date) {
        let endsSooner = state.identity.map { now < $0.notAfter && identity.notAfter < $0.notAfter } ?? false
        state.identity = identity
        state.obtainedAt = now
        state.next = nil
        state.replaced = nil
        state.publishRetry = nil
        state.isRevoked = false
        state.clear([.keyLost, .stateRebuilt, .expired, .revoked, .expiresSooner])
        if !state.isForeign { state.clear([.cloned]) }
        if endsSooner { state.raise(.expiresSooner, detail: "", now: now) }
    }

    /// PENDING: the PKI will decide; ask again, ever more seldom, and not for ever.
    mutating func keepPending(now: Date) -> [EnrollmentAction] {
        isExchanging = false
        guard var transaction = state.transaction else { return [] }
        state.retry = nil
        state.clear(ProblemCode.ofRequests)
        transaction.step = .pending
        transaction.pendingSince = transaction.pendingSince ?? now
        transaction.pollAt = Schedule.poll(count: transaction.polls, now: now)
        transaction.polls += 1
        transaction.isRecovering = false
        transaction.unanswered = 0
        state.transaction = transaction
        return isPendingTooLong(transaction, now: now) ? giveUpPending(transaction, now: now) : []
    }

    func isPendingTooLong(_ transaction: Transaction, now: Date) -> Bool {
        let waited = transaction.pendingSince.map { now.timeIntervalSince($0) } ?? 0
        let asked = transaction.polls + (state.retry?.count ?? 0)
        return transaction.polls > Schedule.mostPolls
            || (waited > Schedule.longestPending && asked >= Schedule.fewestPolls)
    }

    mutating func giveUpPending(_ transaction: Transaction, now: Date) -> [EnrollmentAction] {
        if leaveSuccessor() {
            state.transaction?.keyIsSpent = true
            return [.discardPending]
        }
        state.setRequestProblem(.pendingTooLong, detail: "request \(transaction.id ?? "")", now: now)
        scheduleRetry(.refused, now: now)
        return dropTransaction()
    }

    /// FAILURE, authenticated: the next rung, or an end.
    mutating func refuse(_ info: FailInfo?, _ text: String?, now: Date) -> [EnrollmentAction] {
        isExchanging = false
        guard let transaction = state.transaction else { return [] }
        // The server does not know a request whose reply was lost: it may be made anew, if its challenge may.
        if transaction.step == .sent, transaction.isRecovering {
            // It may only not know it yet. With a challenge that nothing replaces it is asked once more.
            if transaction.challengeSent, rules.singleUseChallenge,
                transaction.unanswered + 1 < Schedule.mostUnanswered
            {
                state.transaction?.unanswered += 1
                scheduleRetry(.unreachable, now: now)
                return []
            }
            return abandon(transaction, .unreachable, isHeard: true, now: now)
        }
        if leaveSuccessor() { return [] }
        // A wrong clock is wrong on every rung.
        if transaction.step == .sent, info != .badTime, climb(now: now) { return [] }
        let detail = [info?.name ?? "no failInfo", text].compactMap { $0 }.joined(separator: ": ")
        let showsChallenge = transaction.challengeSent && transaction.step == .sent
        let code: ProblemCode =
            switch info {
            case .badTime: .clockRefused
            // What has waited for a person had the right challenge.
            case .badMessageCheck where showsChallenge, .badRequest where showsChallenge: .challengeRefused
            default: .refused
            }
        state.setRequestProblem(code, detail: detail, now: now)
        // A clock is soon set right, at boot even by itself.
        scheduleRetry(info == .badTime ? .local : .refused, now: now)
        return dropTransaction()
    }

    /// The fate of a sent request cannot be learned: SCEP has no confirmation (RFC 8894 §7.4). Unless its challenge is spent, a new one is made, after a pause
    /// and with a new key: the old one may stand in a certificate by now.
    ///
    /// - Parameter isHeard: the server answers, if not this. There are some that close the connection on a kind of request
    ///   that they do not take: what is lost twice is left for another kind.
    mutating func abandon(
        _ transaction: Transaction, _ sort: FailureSort, isHeard: Bool = false, now: Date
    ) -> [EnrollmentAction] {
        scheduleRetry(sort, now: now)
        if transaction.challengeSent, rules.singleUseChallenge {
            // What came in place of a certificate names what to change before another challenge is spent.
            let reason = state.problems.first { ProblemCode.ofRequests.contains($0.code) }?.detail ?? "no answer came"
            state.setRequestProblem(.challengeSpent, detail: "'\(transaction.server)': \(reason)", now: now)
            return dropTransaction()
        }
        let isLostTwice = isHeard && transaction.lostRung == transaction.rung
        if !isLostTwice || !climb(now: now) {
            var again = transaction.again()
            if transaction.succession == .asked { again.succession = .refused }
            if isHeard { again.lostRung = again.rung }
            state.transaction = isLostTwice ? fromFirstRung(again, now: now) : again
        }
        state.transaction?.keyIsSpent = true
        return [.discardPending]
    }

    mutating func scheduleRetry(_ sort: FailureSort, now: Date) {
        state.retry = Schedule.retry(
            after: sort, previous: state.retry, fraction: rules.fraction, validUntil: state.identity?.notAfter,
            now: now)
    }
}
