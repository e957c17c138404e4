import Faults
import Glibc
import LocalSocket
import Synchronization
import Testing
import Varlink

struct ServerLimitsTests {
    private let ping = #"{"method":"t.Echo","parameters":{"a":1}}"#
    private let pong = #"{"parameters":{"a":1}}"#

    /// Never replies; says when it begins and when it is cancelled.
    private func hanging(_ events: Events) -> LocalServer.Handler {
        { call, connection in
            if call.method == "t.Echo" { return await echo(call, connection) }
            events.note("began")
            await untilCancelled()
            events.note(connection.isClosed ? "cancelled, closed" : "cancelled, open")
        }
    }

    @Test func `A message beyond the limit closes the connection, and no other`() async throws {
        try await withServer(limits: ServerLimits(frameBytes: 1000)) { _, path in
            let (client, other) = (try RawClient(path), try RawClient(path))
            client.send([UInt8](repeating: 0x20, count: 1001))
            #expect(try await client.message() == nil)
            other.send(ping)
            #expect(try await other.message() == pong)
        }
    }

    @Test func `One connection too many is closed at once, and there is room again when one ends`() async throws {
        let events = Events()
        try await withServer(
            limits: ServerLimits(connections: 2), onChange: { events.note("\($0) open") }
        ) { server, path in
            let first = try RawClient(path)
            #expect(await events.next() == "1 open")
            let second = try RawClient(path)
            #expect(await events.next() == "2 open")
            #expect(server.openConnections == 2)
            #expect(try await RawClient(path).message() == nil)
            second.send(ping)
            #expect(try await second.message() == pong)
            second.hangUp()
            #expect(await events.next() == "1 open")
            let third = try RawClient(path)
            for client in [first, third] {
                client.send(ping)
                #expect(try await client.message() == pong)
            }
        }
    }

    @Test func `A client that sends no whole call is closed in time`() async throws {
        let limits = ServerLimits(frameBytes: 1_000_000_000, idle: .milliseconds(30))
        try await withServer(limits: limits) { _, path in
            #expect(try await RawClient(path).message() == nil)
            // To go on sending does not help: the call has to be whole in time.
            let slow = try RawClient(path)
            var sent = 0
            while sent < 20_000_000, slow.send([0x20]) {
                sent += 1
                await Task.yield()
            }
            #expect(sent < 20_000_000)
        }
    }

    @Test func `A client that waits for a reply is not idle`() async throws {
        let events = Events()
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await withServer(
            limits: ServerLimits(idle: .milliseconds(500)),
            handler: { call, connection in
                events.note("began")
                for await _ in gate {}
                await echo(call, connection)
            }
        ) { _, path in
            let client = try RawClient(path)
            client.send(ping)
            await events.wait(for: "began")
            // Another client comes and is closed for being idle, so the time has passed for the first one, too.
            #expect(try await RawClient(path).message() == nil)
            open.finish()
            #expect(try await client.message() == pong)
        }
    }

    @Test func `A client that does not read is dropped, and the handler hears of it`() async throws {
        let events = Events()
        try await withServer(
            limits: ServerLimits(unreadBytes: 100_000),
            handler: { _, connection in
                let text = String(repeating: "x", count: 10_000)
                do {
                    while true { try connection.reply(["text": text], continues: true) }
                } catch {
                    events.note((error as? LocalSocketFault)?.code.rawValue ?? "another error")
                }
            }
        ) { _, path in
            let client = try RawClient(path)
            client.send(#"{"method":"t.Flood","more":true}"#)
            #expect(await events.next() == "closed")
            while try await client.message() != nil {}
        }
    }

    @Test func `A client that takes up no reply in time is dropped`() async throws {
        let events = Events()
        try await withServer(
            limits: ServerLimits(idle: .milliseconds(500), unreadBytes: 10_000_000),
            onChange: { events.note("\($0) open") },
            handler: { _, connection in
                // More than the kernel keeps for a socket, less than the server keeps for a client.
                try? connection.reply(["text": String(repeating: "x", count: 5_000_000)])
            }
        ) { _, path in
            let client = try RawClient(path)
            client.send(ping)
            #expect(await events.next() == "1 open")
            #expect(await events.next() == "0 open")
            #expect(try await client.message() == nil)
        }
    }

    @Test func `Too many calls ahead of their replies close the connection`() async throws {
        let events = Events()
        try await withServer(limits: ServerLimits(queuedCalls: 4), handler: hanging(events)) { _, path in
            let client = try RawClient(path)
            client.send(Array(String(repeating: ping + "\0", count: 5).utf8))
            #expect(try await client.message() == nil)
        }
    }

    @Test func `A peer that goes away cancels its call, and counts until the handler has returned`() async throws {
        let events = Events()
        try await withServer(onChange: { events.note("\($0) open") }, handler: hanging(events)) { _, path in
            let client = try RawClient(path)
            client.send(#"{"method":"t.Hang"}"#)
            #expect(await events.next() == "1 open")
            #expect(await events.next() == "began")
            client.hangUp()
            #expect(await events.next() == "cancelled, closed")
            #expect(await events.next() == "0 open")
        }
    }

    @Test func `Stopping cancels calls, closes connections, and removes the socket`() async throws {
        let events = Events()
        try await withServer(handler: hanging(events)) { server, path in
            let (idle, waiting) = (try RawClient(path), try RawClient(path))
            waiting.send(#"{"method":"t.Hang"}"#)
            #expect(await events.next() == "began")
            await server.stop(within: .seconds(300))
            #expect(await events.next() == "cancelled, open")
            #expect(try await idle.message() == nil)
            #expect(try await waiting.message() == nil)
            #expect(access(path, F_OK) != 0)
            await server.stop()
        }
    }

    @Test func `Stopping lets a call that ends in time send its last reply`() async throws {
        let events = Events()
        try await withServer(handler: { call, connection in
            events.note("began")
            await untilCancelled()
            await echo(call, connection)
        }) { server, path in
            let client = try RawClient(path)
            client.send(ping)
            #expect(await events.next() == "began")
            await server.stop(within: .seconds(300))
            #expect(try await client.message() == pong)
            #expect(try await client.message() == nil)
        }
    }

    @Test func `Draining serves who is there to the end, and leaves who comes then to the next server`() async throws {
        let events = Events()
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await withServer(handler: { call, connection in
            events.note("began")
            await Task.detached { for await _ in gate {} }.value
            events.note(Task.isCancelled ? "cancelled" : "let be")
            await echo(call, connection)
        }) { server, path in
            let client = try RawClient(path)
            client.send(ping)
            #expect(await events.next() == "began")
            let drained = Task {
                await server.drain(within: .seconds(300))
                events.note("drained")
            }
            while access(path, F_OK) == 0 { await Task.yield() }
            #expect(throws: RawClient.Failure.self) { _ = try RawClient(path) }
            open.finish()
            #expect(await events.next() == "let be")
            #expect(try await client.message() == pong)
            client.hangUp()
            #expect(await events.next() == "drained")
            await drained.value
        }
    }

    @Test func `Stopping does not wait for a handler that does not return`() async throws {
        let events = Events()
        let (gate, open) = AsyncStream<Void>.makeStream()
        try await withServer(handler: { _, _ in
            events.note("began")
            await Task.detached { for await _ in gate {} }.value
            events.note("returned")
        }) { server, path in
            let client = try RawClient(path)
            client.send(ping)
            #expect(await events.next() == "began")
            await server.stop(within: .zero)
            #expect(try await client.message() == nil)
            open.finish()
            #expect(await events.next() == "returned")
        }
    }
}
