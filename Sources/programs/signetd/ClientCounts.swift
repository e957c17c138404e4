import Synchronization

/// Adds up the connections of all sockets.
final class ClientCounts: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    private let changed: @Sendable (Int) -> Void

    init(changed: @escaping @Sendable (Int) -> Void) {
        self.changed = changed
    }

    func set(_ count: Int, of socket: String) {
        let total = counts.withLock { counts in
            counts[socket] = count
            return counts.values.reduce(0, +)
        }
        changed(total)
    }
}
