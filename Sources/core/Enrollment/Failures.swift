import FoundationEssentials

extension EnrollmentMachine {
    /// No verdict came. What follows depends on how far the request can have got, and on whose fault it is.
    mutating func fail(_ trouble: ExchangeTrouble, now: Date) -> [EnrollmentAction] {
        isExchanging = false
        guard let transaction = state.transaction else { return [] }
        state.setRequestProblem(trouble.code, detail: trouble.detail, now: now)
        switch trouble.kind {
        case .noAnswer(let mayHaveArrived):
            return unanswered(transaction, mayHaveArrived: mayHaveArrived, now: now)
        case .httpStatus(let status, let retryAfter):
            return answered(transaction, status: status, retryAfter: retryAfter, now: now)
        case .untrusted:
            recover(transaction)
            scheduleRetry(.untrusted, now: now)
        case .local:
            recover(transaction)
            scheduleRetry(.local, now: now)
        }
        return []
    }

    /// A timeout never leaves a rung: it says nothing about what the server can do.
    private mutating func unanswered(
        _ transaction: Transaction, mayHaveArrived: Bool, now: Date
    ) -> [EnrollmentAction] {
        switch transaction.step {
        case .preparing:
            if changeServer(now: now) { return [] }
            if let first = rules.servers.first { state.transaction?.server = first }
        case .sent where !mayHaveArrived && !transaction.isRecovering:
            // Nothing arrived, so nothing is known to anyone: as if it had not been sent.
            var again = transaction
            restart(&again)
            state.transaction = again
        case .sent:
            recover(transaction)
            if transaction.isRecovering, mayHaveArrived {
                state.transaction?.unanswered += 1
                // Two polls that may have arrived, and nothing: nobody will tell.
                if transaction.unanswered + 1 >= 2 { return abandon(transaction, now: now) }
            }
        case .pending: break
        }
        scheduleRetry(.unreachable, now: now)
        return []
    }

    /// An HTTP error. Not authenticated, but from something that heard the request: the next rung, or a wait.
    private mutating func answered(
        _ transaction: Transaction, status: Int, retryAfter: Int?, now: Date
    ) -> [EnrollmentAction] {
        if status == 429 || retryAfter != nil {
            if transaction.step == .sent, !transaction.isRecovering {
                // The server declined to take the request, so it is made anew then; a single-use challenge is not
                // risked on that reading.
                if transaction.challengeSent, rules.singleUseChallenge {
                    recover(transaction)
                } else {
                    var again = transaction
                    restart(&again)
                    state.transaction = again
                }
            }
            scheduleRetry(.overloaded(retryAfter: retryAfter), now: now)
            return []
        }
        let isServerError = status >= 500
        switch transaction.step {
        case .preparing:
            if isServerError, changeServer(now: now) { return [] }
            scheduleRetry(isServerError ? .unreachable : .refused, now: now)
            return []
        case .sent where transaction.isRecovering:
            return abandon(transaction, now: now)
        case .sent:
            if climb(now: now) { return [] }
            if transaction.challengeSent, rules.singleUseChallenge {
                // It arrived, and what came of it is unknown: only a poll may ask.
                recover(transaction)
                scheduleRetry(.unreachable, now: now)
                return []
            }
            var again = transaction
            restart(&again)
            again.rung = ladder(of: again, now: now).first ?? .challenge
            state.transaction = again
            scheduleRetry(isServerError ? .unreachable : .refused, now: now)
            return [.discardPending]
        case .pending:
            scheduleRetry(.unreachable, now: now)
            return []
        }
    }

    /// From now on this request is only asked after, with CertPoll.
    private mutating func recover(_ transaction: Transaction) {
        if transaction.step == .sent { state.transaction?.isRecovering = true }
    }
}
