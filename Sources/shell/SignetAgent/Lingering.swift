package import FoundationEssentials

/// Decides when an idle agent exits: nothing to do before the next tick, no client, and some time since the last one.
package actor Lingering {
    private let agent: Agent
    private let now: @Sendable () -> Date
    private let wait: @Sendable (Date) async -> Void
    private let idle: Double
    private var connections = 0
    /// Seconds of a brief stay; within them the client who started the process is there, too.
    private static let brief = 1.0
    private var lastClient: Date
    private var pokes: AsyncStream<Void>.Continuation?

    /// - Parameter idle: seconds to stay after the last client.
    package init(
        _ agent: Agent, idle: Double, now: @escaping @Sendable () -> Date,
        wait: @escaping @Sendable (Date) async -> Void
    ) {
        self.agent = agent
        self.idle = idle
        self.now = now
        self.wait = wait
        lastClient = now()
    }

    /// Whether somebody is connected who keeps the process, such as who came since `untilIdle` has returned.
    package var isKept: Bool {
        get async { await agent.linger() == .full && connections > 0 }
    }

    /// Whether who came in the last moment is served to the end: everybody, but not who stays connected to a process that
    /// should make place for another.
    package var servesTheLast: Bool {
        get async { await agent.linger() == .full || connections == 0 }
    }

    /// How many clients there are now, of all sockets together.
    package func clients(_ count: Int) {
        if connections > 0 || count > 0 { lastClient = now() }
        connections = count
        pokes?.yield()
    }

    /// Returns when the process may end, or when its task is cancelled.
    package func untilIdle() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        pokes = continuation
        // Before the first look: what changes behind it must not be missed.
        let changes = await agent.needChanges()
        let needs = onAgent { _ in
            for await _ in changes { continuation.yield() }
        }
        defer { needs.cancel() }
        continuation.yield()
        var timer: Task<Void, Never>?
        for await _ in stream {
            timer?.cancel()
            guard await !agent.isNeeded() else { continue }
            let linger = await agent.linger()
            if linger == .full, connections > 0 { continue }
            // A clock that was set back must not make the wait for the idle time one of years.
            lastClient = min(lastClient, now())
            // A client that stays connected does not keep a process that should make place for another.
            let stay =
                switch (linger, connections > 0) {
                case (.full, _), (.brief, true): idle
                case (.brief, false), (.none, true): min(idle, Self.brief)
                case (.none, false): 0.0
                }
            let exit = lastClient.addingTimeInterval(stay)
            guard now() < exit else { return }
            timer = onAgent {
                await $0.wait(exit)
                // A timer that was replaced must not ask for yet another one.
                guard !Task.isCancelled else { return }
                continuation.yield()
            }
        }
    }
}
