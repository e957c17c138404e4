import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import Testing

@testable import SignetAgent

@Suite("A profile that is spoilt", .timeLimit(.minutes(1)))
struct LastGoodProfileTests {
    private let spoilt = Configuration(profiles: [], refused: [("office", ["office.toml:3:1: unknown key"])])

    /// A world whose profile was accepted once, with this subject.
    private func world(_ subject: String = "CN=${hostname}") async throws -> World {
        let world = World(profiles: [])
        world.configure(try good(subject))
        let agent = Agent(world.ports)
        try await agent.start()
        await agent.stop()
        return world
    }

    private func good(_ subject: String = "CN=${hostname}") throws -> Configuration {
        let profile = try Profile.sample(subject: subject)
        return Configuration(profiles: [profile], refused: [], texts: [profile.name: Array(subject.utf8)])
    }

    @Test func `goes on as it was, over a restart too, and says so`() async throws {
        let world = try await world("CN=${hostname},O=first")
        world.configure(spoilt)
        let asked = world.asked
        let agent = Agent(world.ports)
        try await agent.start()
        world.advance(80)
        for await status in await agent.changes() where status.profiles.first?.state == .failed { break }
        let status = try await agent.status(nil)
        #expect(world.asked > asked)
        #expect(status.profiles.map(\.name) == ["office"])
        #expect(status.problems.map(\.code) == ["profile-invalid"])
        #expect(status.problems.allSatisfy { $0.text.contains("office.toml:3:1") && $0.text.contains("goes on") })
        let runner = try #require(await agent.runners.values.first)
        #expect(await runner.profile.subject.name == "CN=${hostname},O=first")
        await agent.stop()
    }

    @Test func `goes on where the whole folder cannot be read`() async throws {
        let world = try await world()
        world.configure(Configuration(profiles: [], refused: [("profiles.d", ["denied"])], isComplete: false))
        let agent = Agent(world.ports)
        try await agent.start()
        #expect(try await agent.status(nil).profiles.map(\.name) == ["office"])
        await agent.stop()
    }

    @Test func `is not used where root removed it in between`() async throws {
        let world = try await world()
        world.startInstaller()
        world.configure(Configuration(profiles: [], refused: []))
        let agent = Agent(world.ports)
        try await agent.start()
        while await agent.isNeeded() { await Task.yield() }
        #expect(world.withdrawn == ["office"])
        world.configure(spoilt)
        await agent.reload()
        let status = try await agent.status(nil)
        #expect(status.profiles.isEmpty)
        #expect(status.problems.allSatisfy { !$0.text.contains("goes on") })
        await agent.stop()
    }

    @Test func `is published at once when it is repaired`() async throws {
        let world = World(profiles: [])
        world.configure(try good())
        _ = try world.enroll("office")
        world.tamper("office", nil)
        let agent = Agent(world.ports)
        try await agent.start()
        world.configure(spoilt)
        await agent.reload()
        for await status in await agent.changes()
        where status.profiles.first?.problems.contains(where: { $0.code == "installer-unreachable" }) == true { break }
        world.startInstaller()
        #expect(world.publications == 0)
        world.configure(try good())
        await agent.reload()
        for await status in await agent.changes() where status.profiles.first?.published == 1 { break }
        #expect(world.publications == 1)
        await agent.stop()
    }
}
