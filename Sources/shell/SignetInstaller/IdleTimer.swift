import Synchronization

/// Says when nobody has been connected for a while.
package final class IdleTimer: Sendable {
    private let limit: Duration
    private let state = Mutex(State())
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    private struct State {
        var connections = 0
        var timer: Task<Void, Never>?
    }

    /// Begins to count at once.
    package init(_ limit: Duration) {
        self.limit = limit
        (stream, continuation) = AsyncStream.makeStream()
        connectionsChanged(to: 0)
    }

    /// How many are connected now.
    package func connectionsChanged(to count: Int) {
        state.withLock { state in
            state.connections = count
            state.timer?.cancel()
            state.timer = count > 0 ? nil : Task { await run() }
        }
    }

    /// Returns once nobody has been connected for the whole limit, or the task is cancelled.
    package func expiration() async {
        for await _ in stream { return }
    }

    private func run() async {
        guard (try? await Task.sleep(for: limit)) != nil, !Task.isCancelled else { return }
        if state.withLock({ $0.connections == 0 }) { continuation.yield() }
    }
}
