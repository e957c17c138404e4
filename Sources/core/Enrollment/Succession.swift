package import FoundationEssentials

/// A certificate of the CA's successor, had ahead of its day (RFC 8894 §5.1): it waits beside the current one, which
/// readers have until then.
extension EnrollmentMachine {
    /// Its time has come. It does not come again where the clock is set back.
    mutating func succeed(now: Date) {
        guard let next = state.next, !next.waits(now: now) else { return }
        use(next, now: now)
    }

    /// What waits lies on disk or is gone; another machine's, on a copy of its disk, is not waited for.
    mutating func takeUp(_ next: IdentityFacts?, hasPending: Bool, now: Date) {
        guard let next, next.generation > state.foreignGeneration ?? 0 else {
            state.next = nil
            return
        }
        // Renaming pending/ to a generation is the commit.
        if state.transaction?.succession == .asked, !hasPending { issue(next, now: now) } else { state.next = next }
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

extension IdentityFacts {
    /// Whether it is not to be used yet.
    package func waits(now: Date) -> Bool { usedFrom.map { now < $0 } ?? false }
}
