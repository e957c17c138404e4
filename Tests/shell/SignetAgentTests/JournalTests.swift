import ControlProtocol
import Enrollment
import FoundationEssentials
import JournalEntries
import SCEP
import TestCatalog
import Testing

@testable import SignetAgent

@Suite("The agent's journal", .timeLimit(.minutes(1)))
struct JournalTests {
    /// Entries of one kind.
    private func entries(_ event: JournalEvent, _ world: World) -> [JournalEntry] {
        world.entries.filter { $0.messageID == event.messageID }
    }

    private func raised(_ code: ProblemCode, _ world: World) -> [JournalEntry] {
        world.entries.filter { $0.messageID == code.messageID }
    }

    private func cleared(_ code: ProblemCode, _ world: World) -> [JournalEntry] {
        entries(.problemCleared, world).filter { $0.fields[.problem] == code.rawValue }
    }

    /// What holds for every entry: journalctl can fill in the catalog's text, and no secret is in it.
    private func check(_ world: World) throws {
        let catalog = try Catalog.shipped()
        for entry in world.entries {
            #expect(catalog.unfilled(entry.messageID, fields: entry.fields.keys.map(\.rawValue)) == [], "\(entry)")
            #expect(!([entry.message] + entry.fields.values).contains { $0.contains("hush") }, "\(entry)")
        }
    }

    @Test func `a server that is not there is told once, however often it is tried, and so is its return`() async throws
    {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.state == .failed && $0.transaction?.attempt == 2 }
        world.advance(80)
        try await until(agent) { $0.transaction?.attempt == 3 && $0.state == .failed }
        #expect(entries(.exchangeBegun, world).count == 2)
        #expect(
            entries(.exchangeEnded, world).map(\.fields)
                == Array(
                    repeating: [.profile: "office", .step: "preparing", .problem: "server-unreachable"], count: 2))
        let problem = try #require(raised(.unreachable, world).first)
        #expect(raised(.unreachable, world).count == 1)
        #expect(problem.fields[.profile] == "office")
        #expect(problem.fields[.remedy] == ProblemCode.unreachable.remedy)
        world.answer(.success(HTTPResponse(status: 404)))
        world.advance(300)
        try await until(agent) { $0.problems.contains { $0.code == "not-a-scep-server" } }
        #expect(cleared(.unreachable, world).map(\.fields[.profile]) == ["office"])
        let tag = try #require(entries(.tagChanged, world).first)
        #expect(tag.fields == [.profile: "office", .tag: "none"])
        await agent.stop()
        try check(world)
    }

    @Test func `an altered publication and its repair are told with their generation`() async throws {
        let world = World(profiles: [try .sample()])
        _ = try world.enroll("office")
        world.startInstaller()
        world.tamper("office", nil)
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.published == 1 && world.publications == 1 }
        #expect(raised(.publicationAltered, world).map(\.fields[.generation]) == ["1"])
        #expect(cleared(.publicationAltered, world).count == 1)
        #expect(entries(.published, world).map(\.fields) == [[.profile: "office", .generation: "1"]])
        await agent.stop()
        try check(world)
    }

    @Test func `an order is told`() async throws {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.state == .failed }
        for await _ in try await agent.order(.enroll, of: "office") {}
        #expect(entries(.orderTaken, world).map(\.fields) == [[.profile: "office"]])
        await agent.stop()
        try check(world)
    }

    @Test func `a full disk is told once, and that there is space again`() async throws {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.state == .failed }
        world.files.isFull = true
        for _ in 0..<3 {
            world.advance(80)
            try await until(agent) { $0.problems.contains { $0.code == "storage" } }
        }
        #expect(raised(.storage, world).map(\.fields[.profile]) == ["office"])
        world.files.isFull = false
        world.advance(80)
        try await until(agent) { !$0.problems.contains { $0.code == "storage" } }
        #expect(cleared(.storage, world).map(\.fields[.profile]) == ["office"])
        await agent.stop()
        try check(world)
    }

    @Test func `a profile with errors is told once over many processes, each new error, and that it is well again`()
        async throws
    {
        let world = World(profiles: [])
        for error in ["office.toml:3:1: unknown key", "office.toml:3:1: unknown key", "office.toml:4:1: no", nil, nil] {
            world.configure(
                Configuration(
                    profiles: error == nil ? [try .sample()] : [], refused: error.map { [("office", [$0])] } ?? []))
            let agent = Agent(world.ports)
            try await agent.start()
            await agent.stop()
        }
        #expect(raised(.profileInvalid, world).map(\.fields[.profile]) == ["office", "office"])
        #expect(raised(.profileInvalid, world).last?.message.contains("4:1") == true)
        #expect(cleared(.profileInvalid, world).map(\.fields[.profile]) == ["office"])
        try check(world)
    }

    @Test func `a profile that is gone is told as withdrawn, and what stood in the way`() async throws {
        let world = World(profiles: [])
        _ = try world.enroll("office")
        let agent = Agent(world.ports)
        try await agent.start()
        while raised(.notWithdrawn, world).isEmpty { await Task.yield() }
        #expect(raised(.notWithdrawn, world).map(\.fields[.profile]) == ["office"])
        world.startInstaller()
        world.advance(3600)
        await agent.tick()
        while entries(.withdrawn, world).isEmpty || cleared(.notWithdrawn, world).isEmpty { await Task.yield() }
        #expect(entries(.withdrawn, world).map(\.fields) == [[.profile: "office"]])
        #expect(cleared(.notWithdrawn, world).map(\.fields[.profile]) == ["office"])
        await agent.stop()
        try check(world)
    }
}
