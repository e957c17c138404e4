import FoundationEssentials
import SCEP

/// What is remembered of a server's capabilities, which nobody signs (RFC 8894 §7.5).
extension EnrollmentMachine {
    /// A server that lists less than before was changed, or somebody stands between. An algorithm that took part in an
    /// exchange that ended well stays the least that requests use, and the alarm stays with it, until root changes the
    /// profile or an admin enrolls anew; of the rest the new list counts, and the alarm ends with the next transaction. A
    /// server that lists nothing at all says nothing: errors and proxies look the same.
    ///
    /// - Parameter isProven: a reply in the PKI's name came since, to a request that it could read and took.
    mutating func observe(_ capabilities: [String], isProven: Bool, now: Date) {
        guard let transaction = state.transaction, !capabilities.isEmpty else { return }
        let server = transaction.server
        let known = Set(state.capabilities[server] ?? [])
        let alarm = state.problems.first { $0.code == .capabilitiesLost }
        // Once a transaction: the list is fetched once, too.
        if alarm.map({ $0.since < transaction.startedAt }) ?? true {
            compare(known.subtracting(capabilities), server, now: now)
        }
        let kept = known.intersection(Capabilities.algorithms)
        let new = isProven ? Set(capabilities) : Set(capabilities).subtracting(Capabilities.algorithms)
        state.capabilities[server] = kept.union(new).sorted()
        chooseRung(now: now)
    }

    private mutating func compare(_ lost: Set<String>, _ server: String, now: Date) {
        // Anew for what counts from now on; what stays is still the same alarm.
        if !lost.isSubset(of: Capabilities.algorithms) || lost.isEmpty { state.clear([.capabilitiesLost]) }
        guard !lost.isEmpty else { return }
        let list = lost.sorted().joined(separator: ", ")
        state.raise(.capabilitiesLost, detail: "'\(server)' listed \(list) before", now: now)
    }

    /// Nothing was sent, and which message is the first to be depends on what the server lists.
    private mutating func chooseRung(now: Date) {
        guard let transaction = state.transaction, transaction.step == .preparing, transaction.kind == .renew,
            transaction.tried == nil, let first = ladder(of: transaction, now: now).first
        else { return }
        state.transaction?.rung = first
    }

    /// A CA that root's files do not name is followed by nobody: people have until the present one ends.
    mutating func noticeNextAuthority(_ unpinned: [String], now: Date) {
        guard !unpinned.isEmpty else { return state.clear([.nextCANotPinned]) }
        state.raise(.nextCANotPinned, detail: unpinned.joined(separator: ", "), now: now)
    }

    /// Who changes the profile, or has a machine enroll from scratch, answers for the server being another than before.
    mutating func forgetServers() {
        state.remembered = [:]
        state.capabilities = [:]
        state.clear([.capabilitiesLost])
    }

    /// Whether a server has listed RenewalReq. Of one that lists nothing there is nothing to assume (RFC 8894 §3.5.2), and
    /// what it lists is known before the first message is chosen.
    func offersRenewal(_ server: String) -> Bool {
        Capabilities(keywords: Set(state.capabilities[server] ?? [])).offersRenewal
    }
}
