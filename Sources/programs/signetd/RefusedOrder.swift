import JournalEntries
import LocalSocket
import Varlink

extension JournalEntry {
    /// What the kernel calls users that this process' user namespace does not hold (user_namespaces(7)).
    private static let unknownUser: UInt32 = 65534

    /// Somebody asked on the socket that reads for what only the admins' does.
    static func orderRefused(_ call: Call, by peer: PeerCredentials?) -> JournalEntry {
        var fields: [JournalField: String] = [:]
        var caller = "a caller whom the kernel does not tell"
        if let peer {
            caller = "process \(peer.process)"
            fields[.callerProcess] = "\(peer.process)"
            if peer.user != unknownUser {
                caller += " of user \(peer.user)"
                fields[.callerUser] = "\(peer.user)"
            }
        }
        return JournalEntry(
            .orderRefused, "refused \(call.method) to \(caller): orders are given at /run/signet/admin", fields)
    }
}
