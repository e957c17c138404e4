import Faults
import Glibc
import LocalSocket
import Secrets
import Testing
import Varlink

struct ServerTests {
    private let ping = #"{"method":"t.Echo","parameters":{"a":1}}"#
    private let pong = #"{"parameters":{"a":1}}"#

    @Test func `A call that is split at any byte is answered`() async throws {
        try await withServer { _, path in
            let bytes = Array(ping.utf8) + [0]
            let client = try RawClient(path)
            for split in 0...bytes.count {
                client.send(Array(bytes[..<split]))
                client.send(Array(bytes[split...]))
                #expect(try await client.message() == pong, "split at \(split)")
            }
        }
    }

    @Test func `Calls that come together are answered in order`() async throws {
        try await withServer { _, path in
            let client = try RawClient(path)
            let calls = (0..<10).map { #"{"method":"t.Echo","parameters":{"n":\#($0)}}"# + "\0" }
            client.send(Array(calls.joined().utf8))
            for number in 0..<10 { #expect(try await client.message() == #"{"parameters":{"n":\#(number)}}"#) }
        }
    }

    @Test func `A client that sends nothing more still gets its replies`() async throws {
        try await withServer { _, path in
            let client = try RawClient(path)
            client.send(#"{"method":"t.Echo","more":true}"#)
            client.closeSending()
            #expect(try await client.message() == #"{"continues":true,"parameters":{}}"#)
            #expect(try await client.message() == #"{"continues":true,"parameters":{}}"#)
            #expect(try await client.message() == #"{"parameters":{}}"#)
            #expect(try await client.message() == nil)
        }
    }

    @Test func `A oneway call gets no reply, and is done though its caller goes away`() async throws {
        let events = Events()
        try await withServer(handler: { call, connection in
            if call.method == "t.Quiet" {
                events.note("began")
                while !connection.isClosed { await Task.yield() }
            }
            events.note(Task.isCancelled ? "cancelled" : call.method)
            try? connection.reply()
        }) { _, path in
            let client = try RawClient(path)
            client.send(#"{"method":"t.Echo","oneway":true}"#)
            client.send(#"{"method":"t.Ping"}"#)
            #expect(try await client.message() == #"{"parameters":{}}"#)
            client.send(#"{"method":"t.Quiet","oneway":true}"#)
            for event in ["t.Echo", "t.Ping", "began"] { #expect(await events.next() == event) }
            client.hangUp()
            #expect(await events.next() == "t.Quiet")
        }
    }

    @Test(arguments: ["nonsense", "[]", #"{"method":5}"#, ""])
    func `What is no Varlink closes the connection`(message: String) async throws {
        try await withServer { _, path in
            let client = try RawClient(path)
            client.send(message)
            #expect(try await client.message() == nil)
        }
    }

    @Test func `A handler that forgets the last reply closes the connection`() async throws {
        try await withServer(handler: { _, connection in try? connection.reply(["a": 1], continues: true) }) {
            _, path in
            let client = try RawClient(path)
            client.send(#"{"method":"t.Forget","more":true}"#)
            #expect(try await client.message() == #"{"continues":true,"parameters":{"a":1}}"#)
            #expect(try await client.message() == nil)
        }
    }

    @Test func `Replies that a call does not allow are refused`() async throws {
        let events = Events()
        try await withServer(handler: { _, connection in
            events.note(await code { try connection.reply(["a": 1], continues: true) }?.rawValue ?? "sent")
            events.note(await code { try connection.reply(.permissionDenied) }?.rawValue ?? "sent")
            events.note(await code { try connection.reply(["a": 1]) }?.rawValue ?? "sent")
        }) { _, path in
            let client = try RawClient(path)
            client.send(ping)
            #expect(try await client.message() == #"{"error":"org.varlink.service.PermissionDenied","parameters":{}}"#)
            #expect(await events.next() == "unexpected-reply")
            #expect(await events.next() == "sent")
            #expect(await events.next() == "unexpected-reply")
        }
    }

    @Test func `A secret parameter is kept out of what is decoded`() async throws {
        try await withServer(
            secretParameter: "key",
            handler: { call, connection in
                let secret = call.secret?.withBytes { String(decoding: $0, as: UTF8.self) } ?? ""
                let rest = try? call.parameters(as: JSONValue.self)
                try? connection.reply(["secret": .string(secret), "rest": rest ?? .null] as JSONValue)
            }
        ) { _, path in
            let client = try RawClient(path)
            client.send(#"{"method":"t.Publish","parameters":{"key":"aGVsbG8=","a":"b"}}"#)
            #expect(try await client.message() == #"{"parameters":{"rest":{"a":"b","key":""},"secret":"hello"}}"#)
            client.send(#"{"method":"t.Publish","parameters":{"key":"*"}}"#)
            #expect(try await client.message() == nil)
        }
    }

    @Test func `The kernel says who connected`() async throws {
        try await withServer(handler: { _, connection in
            try? connection.reply([
                "user": connection.peer?.user, "process": connection.peer.map { UInt32($0.process) },
            ])
        }) { _, path in
            let client = try RawClient(path)
            client.send(ping)
            #expect(try await client.message() == #"{"parameters":{"process":\#(getpid()),"user":\#(getuid())}}"#)
        }
    }
}
