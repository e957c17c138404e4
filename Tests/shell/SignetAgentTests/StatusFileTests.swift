import ControlProtocol
import Enrollment
import Faults
import FoundationEssentials
import Profiles
import SCEP
import Synchronization
import Testing

@testable import SignetAgent

@Suite("status.json", .timeLimit(.minutes(1)))
struct StatusFileTests {
    /// A server that answers once it is let.
    private struct SlowTransport: Transport {
        let gate: AsyncStream<Void>
        func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
            for await _ in gate {}
            throw TransportFault(.notConnected, attempted: "connect")
        }
    }

    @Test func `is not rewritten for mere steps of an exchange, of which watchers are told`() async throws {
        let world = World(profiles: [try .sample()])
        let (gate, open) = AsyncStream<Void>.makeStream()
        let written = Mutex<[StatusDocument]>([])
        var ports = world.ports
        ports.transport = { _ in SlowTransport(gate: gate) }
        ports.publish = { name, bytes in
            guard name == "status.json" else { return }
            let document = try StatusDocument(json: Data(bytes))
            written.withLock { $0.append(document) }
        }
        let agent = Agent(ports)
        try await agent.start()
        let runner = try #require(await agent.runners.values.first)
        for step in ["discovering", "one", "two", "three"] {
            if step != "discovering" { await runner.report(step: step) }
            for await status in await agent.changes() where status.profiles.first?.transaction?.step == step { break }
        }
        open.finish()
        for await status in await agent.changes() where status.profiles.first?.state == .failed { break }
        await agent.stop()
        let documents = written.withLock { $0 }
        #expect(documents.last?.profiles.first?.state == .failed)
        for (one, next) in zip(documents, documents.dropFirst()) {
            #expect(one.withoutStep != next.withoutStep)
        }
    }

    @Test func `never says that a tag is lost which a new process has yet to judge`() async throws {
        let world = World(profiles: [try .sample()])
        _ = try world.enroll("office")
        let (published, publish) = AsyncStream<StatusDocument>.makeStream()
        var ports = world.ports
        ports.publish = { name, bytes in
            if name == "status.json" { publish.yield(try StatusDocument(json: Data(bytes))) }
        }
        let agent = Agent(ports)
        try await agent.start()
        var first: StatusDocument?
        for await document in published {
            first = document
            break
        }
        await agent.stop()
        #expect(first?.profiles.first?.tag.checks.isEmpty == false)
    }
}

extension StatusDocument {
    fileprivate var withoutStep: StatusDocument {
        var copy = self
        for index in copy.profiles.indices { copy.profiles[index].transaction?.step = "" }
        return copy
    }
}
