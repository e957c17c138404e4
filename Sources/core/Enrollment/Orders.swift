import FoundationEssentials

/// The two ways in which a transaction is taken up from outside: a new process, and an admin.
extension EnrollmentMachine {
    /// What lies on disk counts for more than what the state file says: a crash can come between the two.
    mutating func start(
        latest: IdentityFacts?, next: IdentityFacts?, hasPending: Bool, now: Date
    ) -> [EnrollmentAction] {
        isExchanging = false
        isPublishing = false
        if state.isWithdrawn {
            // Root put the profile back.
            state.isWithdrawn = false
            state.published = nil
            state.publishRetry = nil
        }
        // What a process is handed at its start may be what was missing.
        if state.has(.challengeUnavailable) || state.has(.proxyFailing) {
            // How often it was in vain is kept: a login that is tried too often is locked.
            state.retry?.at = now
        }
        if let next, next.generation == state.identity?.generation {
            // The clock was ahead, and was set back.
            state.replaced = latest
        } else {
            takeUp(latest, now: now)
            takeUp(waiting: next, hasPending: hasPending, now: now)
        }
        guard let transaction = state.transaction else { return hasPending ? [.discardPending] : [] }
        switch transaction.step {
        case .preparing:
            // Another generation may be there than the one that was to sign it.
            let rungs = ladder(of: transaction, now: now)
            if !rungs.contains(transaction.rung) { state.transaction?.rung = rungs.first ?? .challenge }
            return hasPending && transaction.keyIsSpent ? [.discardPending] : []
        case .sent, .pending:
            guard hasPending else {
                state.raise(.keyLost, detail: "the request in pending/ is gone or damaged", now: now)
                return abandon(transaction, .unreachable, now: now)
            }
            // It may have arrived before the last process ended, and is not sent twice.
            if transaction.step == .sent { state.transaction?.isRecovering = true }
            return []
        }
    }

    /// The newest generation on the disk that is to be used now.
    private mutating func takeUp(_ latest: IdentityFacts?, now: Date) {
        let known = state.identity
        guard let latest else {
            guard known != nil else { return }
            state.identity = nil
            state.published = nil
            return state.raise(.keyLost, detail: "", now: now)
        }
        // Its time came while no process ran; what else is under way goes on.
        if latest.generation == state.next?.generation { return succeed(now: now) }
        // Renaming pending/ to a generation is the commit.
        if latest.generation > known?.generation ?? 0 { return issue(latest, now: now) }
        state.identity = latest
        guard let known, latest.generation < known.generation else { return }
        // It signs the request for the next, which is due by its own dates.
        state.obtainedAt = nil
        state.raise(
            .keyLost, detail: "of generation \(known.generation); generation \(latest.generation) is used", now: now)
    }

    /// An admin's order is followed at once, whatever was planned. A request that may have arrived is asked after;
    /// an enrollment leaves it behind.
    mutating func order(_ kind: Transaction.Kind, now: Date) -> [EnrollmentAction] {
        guard !isBusy else { return [.refuseOrder] }
        state.retry = nil
        state.publishRetry = nil
        // Who orders wants one to use now.
        if kind == .renew, let transaction = state.transaction, transaction.step != .preparing,
            transaction.succession != .asked
        {
            state.transaction?.pollAt = nil
            return []
        }
        let hadTransaction = state.transaction != nil
        let isUsable = state.identity.map { now < $0.notAfter && !state.isForeign } ?? false
        open(kind == .renew && isUsable ? .renew : .enroll, isOrdered: true, now: now)
        return hadTransaction ? [.discardPending] : []
    }
}
