package import FoundationEssentials

/// A certificate of the CA's successor, had ahead of its day (RFC 8894 §5.1): it waits beside the current one, which
/// readers have until then.
extension EnrollmentMachine {
    /// Its time has come; or it had come by a clock that was ahead, and the one before it is good still.
    mutating func succeed(now: Date) {
        if let next = state.next, !next.waits(now: now) {
            let before = state.identity
            use(next, now: now)
            state.replaced = before
        } else if let early = state.identity, early.waits(now: now), let before = state.replaced,
            before.notBefore <= now, now < before.notAfter
        {
            use(before, now: now)
            state.clear([.expiresSooner])
            state.next = early
            state.published = nil
        }
    }

    /// What waits lies on the disk or is gone, and the state knows of it: nobody else's is waited for.
    mutating func takeUp(_ next: IdentityFacts?, hasPending: Bool, now: Date) {
        if let next, isCommitted(hasPending: hasPending) { return issue(next, now: now) }
        state.next = next.flatMap { $0.generation == state.next?.generation ? $0 : nil }
    }

    /// Renaming pending/ to a generation is the commit.
    private func isCommitted(hasPending: Bool) -> Bool { state.transaction?.succession == .asked && !hasPending }

    /// What waits was asked for by a profile that says something else now: it is had anew, if it still is to be.
    mutating func forgetSuccessor() {
        state.next = nil
    }

    /// A server may announce its successor and not let it issue yet: the present CA is asked in the same transaction. False
    /// where it was.
    mutating func leaveSuccessor() -> Bool {
        guard let transaction = state.transaction, transaction.succession == .asked else { return false }
        var again = transaction.again()
        again.succession = .refused
        state.transaction = again
        return true
    }
}

extension EnrollmentState {
    /// Whether a generation that was issued ahead of its time is this machine's to use, now or later.
    ///
    /// - Parameter hasPending: a whole request lies in pending/.
    package func expects(_ generation: Int, hasPending: Bool) -> Bool {
        if generation == next?.generation || generation == identity?.generation { return true }
        return transaction?.succession == .asked && !hasPending && generation > identity?.generation ?? 0
    }
}

extension IdentityFacts {
    /// Whether it is not to be used yet.
    package func waits(now: Date) -> Bool { usedFrom.map { now < $0 } ?? false }
}
