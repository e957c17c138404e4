import Faults
import Glibc
import Secrets
import Testing
import Varlink

@testable import LocalSocket

struct ClientTests {
    private let soon: Duration = .seconds(300)

    @Test func `A call with more gives every reply`() async throws {
        try await withServer { _, path in
            var continues: [Bool] = []
            let call = try Call("t.Echo", ["a": 1], more: true)
            for try await reply in LocalClient(path: path).call(call, deadline: .now + soon) {
                #expect(try reply.parameters(as: [String: Int].self) == ["a": 1])
                continues.append(reply.continues)
            }
            #expect(continues == [true, true, false])
        }
    }

    @Test func `A large message arrives whole in both directions`() async throws {
        try await withServer { _, path in
            let text = String(repeating: "x", count: 250_000)
            let reply = try await LocalClient(path: path).lastReply(to: Call("t.Echo", ["a": text]), within: soon)
            #expect(try reply.parameters(as: [String: String].self)["a"] == text)
        }
    }

    @Test func `Nobody there is unreachable`() async throws {
        try await withSocketPath { path in
            let client = LocalClient(path: path)
            #expect(await code { _ = try await client.lastReply(to: Call("t.Echo"), within: soon) } == .unreachable)
            do { _ = try LocalListener(path: path, mode: 0o600) }
            #expect(await code { _ = try await client.lastReply(to: Call("t.Echo"), within: soon) } == .unreachable)
            let long = LocalClient(path: path + String(repeating: "x", count: 108))
            #expect(await code { _ = try await long.lastReply(to: Call("t.Echo"), within: soon) } == .pathTooLong)
        }
    }

    @Test func `A socket whose mode keeps the caller out is not permitted`() async throws {
        try await withSocketPath { path in
            let listener = try LocalListener(path: path, mode: 0)
            let request = try Call("t.Echo").bytes.withUnsafeBytes { Secret(copying: $0) }
            let exchange = try Exchange(path: path, request: request, frameLimit: 1000, deadline: .now + soon)
            let fault = try asNobody {
                #expect(throws: LocalSocketFault.self) { try exchange.next() }
            }
            #expect(fault?.code == .notPermitted)
            listener.remove()
        }
    }

    @Test func `A server that does not answer times out, and hears that the caller is gone`() async throws {
        let events = Events()
        try await withServer(handler: { _, connection in
            await untilCancelled()
            events.note(connection.isClosed ? "closed" : "open")
        }) { _, path in
            let client = LocalClient(path: path)
            let brief = Duration.milliseconds(20)
            #expect(await code { _ = try await client.lastReply(to: Call("t.Echo"), within: brief) } == .timedOut)
            #expect(await events.next() == "closed")
        }
    }

    @Test func `A server that hangs up is closed`() async throws {
        try await withServer(handler: { _, _ in }) { _, path in
            let client = LocalClient(path: path)
            #expect(await code { _ = try await client.lastReply(to: Call("t.Echo"), within: soon) } == .closed)
        }
    }

    @Test func `A reply beyond the limit is refused`() async throws {
        try await withServer { _, path in
            let client = LocalClient(path: path, frameLimit: 100)
            let call = try Call("t.Echo", ["a": String(repeating: "x", count: 100)])
            #expect(await code { _ = try await client.lastReply(to: call, within: soon) } == .tooLarge)
        }
    }

    @Test func `Cancelling a task ends its call`() async throws {
        let events = Events()
        try await withServer(handler: { _, connection in
            try? connection.reply(["a": 1], continues: true)
            await untilCancelled()
            events.note("gone")
        }) { _, path in
            let replies = LocalClient(path: path).call(try Call("t.Watch", more: true), deadline: nil)
            let task = Task {
                await code { for try await _ in replies { events.note("reply") } }
            }
            #expect(await events.next() == "reply")
            task.cancel()
            #expect([.cancelled, nil].contains(await task.value))
            #expect(await events.next() == "gone")
        }
    }

    @Test func `Breaking off a stream hangs up`() async throws {
        let events = Events()
        try await withServer(handler: { _, connection in
            try? connection.reply(["a": 1], continues: true)
            await untilCancelled()
            events.note("gone")
        }) { _, path in
            func first() async throws {
                for try await _ in LocalClient(path: path).call(try Call("t.Watch", more: true), deadline: nil) {
                    break
                }
            }
            try await first()
            #expect(await events.next() == "gone")
        }
    }
}
