import FoundationEssentials

extension EnrollmentMachine {
    /// The rungs for a transaction, in the order in which they are tried: what worked with this server last, else what
    /// root's profile or the server's capabilities say, then the others. Rungs that cannot work are left out.
    ///
    /// The reply goes to whoever signed the request (RFC 8894 §2.3), so that an identity that cannot be encrypted to is
    /// renewed as it was enrolled.
    func ladder(of transaction: Transaction, now: Date) -> [Rung] {
        guard transaction.kind == .renew, let identity = state.identity, now < identity.notAfter, !state.isForeign,
            !identity.isSignOnly
        else {
            return [.challenge]
        }
        let showsChallenge = rules.hasChallenge && !rules.singleUseChallenge && mayShowChallenge(transaction)
        let possible = Rung.allCases.filter { $0 != .challenge || showsChallenge }
        let server = transaction.server
        let first = [state.remembered[server], rules.firstRung, offersRenewal(server) ? nil : .signedPKCSReq]
            .compactMap { $0 }.first { possible.contains($0) }
        guard let first else { return possible }
        return [first] + possible.filter { $0 != first }
    }

    /// Moves the transaction to its next rung, to be prepared at once. False on the last one.
    ///
    /// The identity may have ended since the request was made; then the challenge is what is left.
    mutating func climb(now: Date) -> Bool {
        guard let transaction = state.transaction else { return false }
        if leaveSuccessor() { return true }
        let tried = (transaction.tried ?? []) + [transaction.rung]
        // Their order may have changed since the transaction began.
        guard let next = ladder(of: transaction, now: now).first(where: { !tried.contains($0) }) else { return false }
        var again = transaction.again()
        again.rung = next
        again.tried = tried
        state.transaction = again
        return true
    }

    /// Moves the transaction to the next server of the profile, to be prepared at once. False on the last one: then
    /// the next round begins with the first. Only for a transaction of which nothing was sent.
    mutating func changeServer(now: Date) -> Bool {
        guard let transaction = state.transaction, let first = rules.servers.first else { return false }
        let next = rules.servers.firstIndex(of: transaction.server).map { $0 + 1 } ?? rules.servers.count
        let isLast = next >= rules.servers.count
        var again = transaction.again()
        again.server = isLast ? first : rules.servers[next]
        // Each server has a ladder of its own; the same server's is not left for this.
        state.transaction = again.server == transaction.server ? again : fromFirstRung(again, now: now)
        return !isLast
    }

    /// The transaction with its whole ladder before it.
    func fromFirstRung(_ transaction: Transaction, now: Date) -> Transaction {
        var again = transaction
        again.tried = nil
        again.rung = ladder(of: again, now: now).first ?? .challenge
        return again
    }
}

extension Transaction {
    /// The same transaction with nothing sent yet.
    func again() -> Transaction {
        var again = Transaction(kind: kind, rung: rung, server: server, startedAt: startedAt)
        again.isOrdered = isOrdered
        again.keyIsSpent = keyIsSpent
        again.tried = tried
        again.lostRung = lostRung
        if succession == .refused { again.succession = .refused }
        again.attempt = attempt + 1
        return again
    }
}
