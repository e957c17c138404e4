import ControlProtocol
import FoundationEssentials
import LocalSocket
import Synchronization
import TestFiles
import Testing
import Varlink

@testable import signetctl

/// `status --watch` outlives the agents that it watches.
struct WatchTests {
    /// An agent that answers each call with the next list of statuses, told apart by their second, and then ends.
    private func withAgents(
        _ lives: [[Int64]], _ body: (_ root: String, _ calls: Counter) async throws -> Void
    ) async throws {
        let calls = Counter()
        try await withAgent({ _, connection in
            let call = calls.next() - 1
            guard call < lives.count else { return }
            for second in lives[call] {
                var status = Samples.status
                status.writtenAt = Samples.later(second)
                try? connection.reply(StatusReply(status: status), continues: second != lives[call].last)
            }
        }) { root in try await body(root, calls) }
    }

    private final class Counter: Sendable {
        private let state = Mutex(0)

        var value: Int { state.withLock { $0 } }

        func next() -> Int {
            state.withLock { count in
                count += 1
                return count
            }
        }
    }

    private func times(_ outcome: Outcome) throws -> [Timestamp] {
        try outcome.output.split(separator: "\n").map { try StatusDocument(json: Data($0.utf8)).writtenAt }
    }

    @Test func `every change is shown, and an agent that ends is called again after a second`() async throws {
        try await withAgents([[0, 1, 2], [3], [4, 5]]) { root, calls in
            let pauses = Counter()
            let outcome = await signetctl("status", "--watch", "--json", "--root", root) { pause in
                #expect(pause == .seconds(1))
                if pauses.next() == 3 { throw Interrupted() }
            }
            let seen = try times(outcome)
            #expect(seen == (0...5).map { Samples.later($0) })
            #expect(calls.value == 3)
            #expect(!outcome.errors.contains("hung up"))
        }
    }

    @Test func `that nobody answers meanwhile is said once`() async throws {
        try await withAgents([[0], [], [], [1], []]) { root, calls in
            let pauses = Counter()
            let outcome = await signetctl("status", "--watch", "--json", "--root", root) { _ in
                if pauses.next() == 5 { throw Interrupted() }
            }
            let seen = try times(outcome)
            #expect(seen == [Samples.noon, Samples.later(1)])
            #expect(calls.value == 5)
            // Once before it was back, and once after.
            #expect(outcome.errors.split(separator: "\n").count { $0.contains("hung up") } == 2)
        }
    }

    @Test func `what never answered is not waited for`() async throws {
        try await withAgents([]) { root, calls in
            let outcome = await signetctl("status", "--watch", "--root", root)
            #expect(outcome.status == .unreachable && outcome.errors.contains("hung up"))
            #expect(calls.value == 1)
        }
        try await withScratchFolder { root in
            #expect(await signetctl("status", "--watch", "--root", root).status == .unreachable)
        }
    }

    @Test func `an unknown profile ends it`() async throws {
        try await withAgent({ _, connection in
            try? connection.reply(AgentError.noSuchProfile("nobody").reply)
        }) { root in
            #expect(await signetctl("status", "nobody", "--watch", "--root", root).status == .failed)
        }
    }
}
