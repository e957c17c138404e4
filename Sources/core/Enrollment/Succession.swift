package import FoundationEssentials
import SCEP

/// A certificate of the CA's successor, had ahead of its day (RFC 8894 §5.1): it waits beside the current one, which
/// readers have until then.
extension EnrollmentMachine {
    /// Its time has come; or it had come by a clock that was ahead, and the one before it is good still.
    mutating func succeed(now: Date) {
        // What another profile asked for is left to whoever notices that.
        let isOfProfile = state.profileDigest == nil || state.profileDigest == rules.profileDigest
        if let next = state.next, !next.waits(now: now), isOfProfile {
            let before = state.identity
            use(next, now: now)
            state.replaced = before
        } else if let early = state.identity, early.notBefore > now.addingTimeInterval(2 * ExchangeLimits.clockSkew),
            early.waits(now: now), let before = state.replaced,
            before.notBefore <= now, now < before.notAfter
        {
            use(before, now: now)
            state.clear([.expiresSooner])
            state.next = early
            publishAnew()
        }
    }

    /// What waits lies on the disk or is gone, and the state knows of it: nobody else's is waited for.
    mutating func takeUp(waiting next: IdentityFacts?, hasPending: Bool, now: Date) {
        // Renaming pending/ to a generation is the commit.
        if let next, state.transaction?.succession == .asked, !hasPending { return issue(next, now: now) }
        state.next = next.flatMap { $0.generation == state.next?.generation ? $0 : nil }
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
    /// Whether a generation on the disk is this machine's to use. Of those that were issued ahead of their time only what
    /// waits, and what has been used.
    ///
    /// - Parameter hasPending: a whole request lies in pending/.
    package func expects(_ one: IdentityFacts, hasPending: Bool, now: Date) -> Bool {
        let current = identity?.generation ?? 0
        if one.usedFrom == nil || one.generation == next?.generation || one.generation == current { return true }
        // Renaming pending/ to a generation is the commit.
        if one.generation > current { return transaction?.succession == .asked && !hasPending }
        return !one.waits(now: now)
    }
}

extension IdentityFacts {
    /// Whether it is not to be used yet.
    package func waits(now: Date) -> Bool { usedFrom.map { now < $0 } ?? false }
}
