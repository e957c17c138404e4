import FoundationEssentials

extension EnrollmentMachine {
    /// The rungs for a transaction, in the order in which they are tried: what worked with this server last, then
    /// the others. Rungs that cannot work are left out.
    func ladder(of transaction: Transaction, now: Date) -> [Rung] {
        guard transaction.kind == .renew, let identity = state.identity, now < identity.notAfter else {
            return [.challenge]
        }
        let mayShowChallenge =
            rules.hasChallenge && !rules.singleUseChallenge
            && (!state.isRevoked || rules.enrollsAfterRevocation || transaction.isOrdered)
        let possible = Rung.allCases.filter { $0 != .challenge || mayShowChallenge }
        guard let remembered = state.remembered[transaction.server], possible.contains(remembered) else {
            return possible
        }
        return [remembered] + possible.filter { $0 != remembered }
    }

    /// Moves the transaction to its next rung, to be prepared at once. False on the last one.
    mutating func climb(now: Date) -> Bool {
        guard var transaction = state.transaction else { return false }
        let rungs = ladder(of: transaction, now: now)
        guard let index = rungs.firstIndex(of: transaction.rung), index + 1 < rungs.count else { return false }
        transaction.rung = rungs[index + 1]
        restart(&transaction)
        state.transaction = transaction
        return true
    }

    /// Moves the transaction to the next server of the profile, to be prepared at once. False on the last one.
    mutating func changeServer(now: Date) -> Bool {
        guard var transaction = state.transaction,
            let index = rules.servers.firstIndex(of: transaction.server), index + 1 < rules.servers.count
        else { return false }
        transaction.server = rules.servers[index + 1]
        transaction.rung = ladder(of: transaction, now: now).first ?? .challenge
        restart(&transaction)
        state.transaction = transaction
        return true
    }

    /// Makes the transaction one of which nothing was sent.
    func restart(_ transaction: inout Transaction) {
        transaction.step = .preparing
        transaction.id = nil
        transaction.challengeSent = false
        transaction.polls = 0
        transaction.unanswered = 0
        transaction.isRecovering = false
        transaction.pollAt = nil
        transaction.attempt += 1
    }
}
