import Synchronization

/// Adds up the connections of all sockets.
final class ClientCounts: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    private let changes: AsyncStream<Int>.Continuation
    /// The totals, in the order in which they came: an older one that arrives last would never let the agent end.
    let totals: AsyncStream<Int>

    init() {
        (totals, changes) = AsyncStream.makeStream(of: Int.self)
    }

    func set(_ count: Int, of socket: String) {
        counts.withLock { counts in
            counts[socket] = count
            changes.yield(counts.values.reduce(0, +))
        }
    }
}
