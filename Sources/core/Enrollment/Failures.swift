import FoundationEssentials

/// What follows where no verdict came. It depends on how far the request can have got, and on whose fault it is.
extension EnrollmentMachine {
    mutating func fail(_ trouble: ExchangeTrouble, now: Date) -> [EnrollmentAction] {
        isExchanging = false
        guard let transaction = state.transaction else { return [] }
        // Why the reply was lost says more than that the server does not answer polls.
        if !(transaction.isRecovering && trouble.isServersError) {
            state.setRequestProblem(trouble.code, detail: trouble.detail, now: now)
        }
        // It decided, and would decide the same again: each request has it issue one more.
        if trouble.kind == .unfit {
            if leaveSuccessor() {
                state.transaction?.keyIsSpent = true
                return [.discardPending]
            }
            scheduleRetry(.refused, now: now)
            return dropTransaction()
        }
        switch transaction.step {
        case .preparing: return failToPrepare(transaction, trouble, now: now)
        case .sent where transaction.isRecovering: return failToRecover(transaction, trouble, now: now)
        case .sent: return failToSend(transaction, trouble, now: now)
        case .pending:
            // Who was asleep for a week, and has no network yet, has not asked whether it was approved.
            if trouble.mayHaveArrived, isPendingTooLong(transaction, now: now) {
                return giveUpPending(transaction, now: now)
            }
            scheduleRetry(trouble.sort == .refused ? .unreachable : trouble.sort, now: now)
            return []
        }
    }

    /// Nothing was sent: the profile's next server, or a wait.
    private mutating func failToPrepare(
        _ transaction: Transaction, _ trouble: ExchangeTrouble, now: Date
    ) -> [EnrollmentAction] {
        if trouble.kind == .closed, climb(now: now) { return [] }
        let sort = trouble.sort
        if sort != .local, changeServer(now: now) { return [] }
        scheduleRetry(sort, now: now)
        // An order that fails must not stand in the way of the renewal of an identity that is still good.
        guard transaction.kind == .enroll, !needsEnrollment(now: now) else { return [] }
        return dropTransaction()
    }

    /// The request itself brought no verdict. A rung is left only where something that heard it answered.
    private mutating func failToSend(
        _ transaction: Transaction, _ trouble: ExchangeTrouble, now: Date
    ) -> [EnrollmentAction] {
        let isSpent = transaction.challengeSent && rules.singleUseChallenge
        switch (trouble.kind, trouble.sort) {
        case (.noAnswer(requestMayHaveArrived: false), _):
            // Nobody knows of it: as if it had not been sent.
            if isSpent { state.isChallengeSpent = false }
            state.transaction = transaction.again()
        case (.httpStatus, .overloaded) where !isSpent:
            // The server declined to take it.
            state.transaction = transaction.again()
        case (.httpStatus, .overloaded), (.noAnswer, _), (.untrusted, _), (.unfit, _), (.closed, _),
            (.local, _):
            state.transaction?.isRecovering = true
        case (.httpStatus, _):
            if climb(now: now) { return [] }
            guard !isSpent else {
                state.transaction?.isRecovering = true
                break
            }
            var again = fromFirstRung(transaction.again(), now: now)
            again.keyIsSpent = true
            state.transaction = again
            scheduleRetry(trouble.sort, now: now)
            return [.discardPending]
        }
        scheduleRetry(trouble.sort == .refused ? .unreachable : trouble.sort, now: now)
        return []
    }

    /// A CertPoll for a request whose reply was lost brought no verdict. After two that may have arrived, or where the
    /// server knows no CertPoll, nobody will tell.
    private mutating func failToRecover(
        _ transaction: Transaction, _ trouble: ExchangeTrouble, now: Date
    ) -> [EnrollmentAction] {
        switch (trouble.kind, trouble.sort) {
        case (.noAnswer(requestMayHaveArrived: false), _), (.closed, _), (.local, _), (_, .overloaded): break
        case (.httpStatus, _): return abandon(transaction, .unreachable, isHeard: true, now: now)
        case (.noAnswer, _), (.untrusted, _), (.unfit, _):
            state.transaction?.unanswered += 1
            if transaction.unanswered + 1 >= Schedule.mostUnanswered {
                return abandon(transaction, trouble.sort, isHeard: !trouble.isSilence, now: now)
            }
        }
        scheduleRetry(trouble.sort, now: now)
        return []
    }
}

extension ExchangeTrouble {
    /// When to try again, and who has to do something.
    var sort: FailureSort {
        switch kind {
        case .noAnswer: .unreachable
        case .httpStatus(let status, let retryAfter) where status == 429 || retryAfter != nil:
            .overloaded(retryAfter: retryAfter)
        case .httpStatus(let status, _): status >= 500 ? .unreachable : .refused
        case .untrusted, .closed: .untrusted
        case .unfit: .refused
        case .local: .local
        }
    }

    /// Whether the server may have seen what was sent.
    fileprivate var mayHaveArrived: Bool {
        switch kind {
        case .noAnswer(let requestMayHaveArrived): requestMayHaveArrived
        case .httpStatus, .untrusted, .unfit: true
        case .closed, .local: false
        }
    }

    fileprivate var isSilence: Bool {
        if case .noAnswer = kind { return true }
        return false
    }

    fileprivate var isServersError: Bool {
        if case .httpStatus = kind { return true }
        return false
    }
}
