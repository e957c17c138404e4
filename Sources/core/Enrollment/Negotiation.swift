import FoundationEssentials
import SCEP

/// What is remembered of a server's capabilities, which nobody signs (RFC 8894 §7.5).
extension EnrollmentMachine {
    /// A server that lists less than before was changed, or somebody stands between. An algorithm that it had stays the
    /// least that requests use, and the alarm stays with it, until root changes the profile; of the rest the new list
    /// counts, and the alarm ends with the next transaction.
    mutating func observe(_ capabilities: [String], now: Date) {
        guard let transaction = state.transaction else { return }
        let server = transaction.server
        let known = Set(state.capabilities[server] ?? [])
        let lost = known.subtracting(capabilities)
        if !lost.isEmpty {
            // Anew for what counts from now on; what stays is still the same alarm.
            if !lost.isSubset(of: Capabilities.algorithms) { state.clear([.capabilitiesLost]) }
            let list = lost.sorted().joined(separator: ", ")
            state.raise(.capabilitiesLost, detail: "'\(server)' listed \(list) before", now: now)
        } else if state.problems.contains(where: {
            $0.code == .capabilitiesLost && $0.since < transaction.startedAt
        }) {
            // The alarm outlives the transaction that raised it.
            state.clear([.capabilitiesLost])
        }
        state.capabilities[server] = known.intersection(Capabilities.algorithms).union(capabilities).sorted()
    }

    /// A CA that root's files do not name is followed by nobody: people have until the present one ends.
    mutating func noticeNextAuthority(_ unpinned: [String], now: Date) {
        guard !unpinned.isEmpty else { return state.clear([.nextCANotPinned]) }
        state.raise(.nextCANotPinned, detail: unpinned.joined(separator: ", "), now: now)
    }

    /// Whether a server whose list is known has no RenewalReq in it.
    func lacksRenewal(_ server: String) -> Bool {
        guard let known = state.capabilities[server], !known.isEmpty else { return false }
        return !Capabilities(keywords: Set(known)).offersRenewal
    }
}
