import ControlProtocol
import DeviceTag
import Enrollment
import Faults
import FoundationEssentials
import Installation
import JournalEntries
import Profiles
import SCEP
import Synchronization
import TestPKI
import Testing

@testable import SignetAgent

@Suite("What is under way when the agent ends", .timeLimit(.minutes(1)))
struct EndingTests {
    /// Answers nobody until it is cancelled.
    private final class Silence: Transport, Installer {
        private let isAsked = Atomic(false)

        func untilAsked() async { while !isAsked.load(ordering: .acquiring) { await Task.yield() } }

        func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
            await untilCancelled()
            throw TransportFault(.cancelled, attempted: "wait for ever")
        }

        func publish(_ publication: Publication) async throws -> PublishedIdentity { throw gone }

        func withdraw(_ profile: ProfileName) async throws {
            await untilCancelled()
            throw gone
        }

        func deviceFacts() async throws -> DeviceFacts { throw gone }

        private var gone: InstallationFault { InstallationFault(.unreachable, attempted: "wait for ever") }

        private func untilCancelled() async {
            let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
            isAsked.store(true, ordering: .releasing)
            for await _ in stream {}
            continuation.finish()
        }
    }

    @Test func `a withdrawal is no failure`() async throws {
        let world = World(profiles: [])
        try world.store("office").save(StateDocument(state: .init()))
        let silence = Silence()
        var ports = world.ports
        ports.installer = silence
        let agent = Agent(ports)
        try await agent.start()
        await silence.untilAsked()
        await agent.stop()
        while await agent.isBusy() { await Task.yield() }
        #expect(await agent.withdrawals?.problems.isEmpty == true)
    }

    @Test func `a list that was not fetched for that takes no tag away`() async throws {
        let world = World(profiles: [try .sampleWithRevocationList()])
        _ = try world.enroll("office")
        let silence = Silence()
        var ports = world.ports
        ports.transport = { _ in silence }
        let agent = Agent(ports)
        try await agent.start()
        await silence.untilAsked()
        let runner = try #require(await agent.runners.values.first)
        await agent.stop()
        while await runner.judging != nil { await Task.yield() }
        #expect(await runner.verdict == nil)
        #expect(!world.entries.contains { $0.fields[.tag] != nil })
    }

    @Test func `what root has just changed is read before`() async throws {
        let world = World(profiles: [])
        let agent = Agent(world.ports)
        try await agent.start()
        #expect(await !agent.isBusy())
        await agent.configurationChanged()
        #expect(await agent.isBusy())
        while await agent.isBusy() {
            world.advance(1)
            await Task.yield()
        }
        await agent.stop()
    }

    @Test func `a tag that ends by itself is judged then, also where this process has changed nothing`() async throws {
        let world = World(profiles: [try .sampleWithRevocationList()])
        _ = try world.enroll("office")
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        let list = RevocationOrder(issuer: root, serials: []).with { $0.nextUpdate = World.begin + 1800 }
        world.answer(.success(HTTPResponse(status: 200, body: try list.der())))
        for _ in 1...2 {
            let agent = Agent(world.ports)
            try await agent.start()
            try await untilStatus(agent) { $0.profiles.first?.tag.value == "valid-client-certificate" }
            await agent.stop()
            world.advance(2)
        }
        let agent = Agent(world.ports)
        try await agent.start()
        let runner = try #require(await agent.runners.values.first)
        while await runner.verdict == nil { await Task.yield() }
        world.answer(.failure(TransportFault(.notConnected, attempted: "connect")))
        for _ in 0..<1000 where await runner.verdict?.value == .valid {
            world.advance(20)
            await Task.yield()
        }
        #expect(await runner.verdict?.value == .revocationUnknown)
        await agent.stop()
    }
}
