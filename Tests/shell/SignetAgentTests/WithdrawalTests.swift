import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import Testing

@testable import SignetAgent

@Suite("A profile that root removed", .timeLimit(.minutes(1)))
struct WithdrawalTests {
    /// The folder of a profile whose first generation is published.
    private func worldWithFolder(_ name: String = "office") throws -> World {
        let world = World(profiles: [])
        var state = EnrollmentState()
        state.published = 1
        try world.store(name).save(StateDocument(state: state))
        try world.files.write([1], to: "profiles/\(name)/generations/0001/key.pem", mode: 0o600)
        return world
    }

    @Test func `is withdrawn once, over restarts too, and keeps its key`() async throws {
        let world = try worldWithFolder()
        world.startInstaller()
        for _ in 0..<2 {
            let agent = Agent(world.ports)
            try await agent.start()
            try await untilStatus(agent) { $0.problems.isEmpty && world.withdrawn == ["office"] }
            try await settled(agent)
            await agent.tick()
            try await settled(agent)
            await agent.stop()
        }
        #expect(world.withdrawn == ["office"])
        #expect(world.files.paths.contains("profiles/office/generations/0001/key.pem"))
        let state = try world.store("office").loadState().state
        #expect(state.published == nil)
        #expect(state.isWithdrawn)
    }

    @Test func `is a problem while the installer does not follow, and is tried again`() async throws {
        let world = try worldWithFolder()
        let agent = Agent(world.ports)
        try await agent.start()
        let status = try await untilStatus(agent) { !$0.problems.isEmpty }
        #expect(status.problems.map(\.code) == ["not-withdrawn"])
        #expect(status.problems.allSatisfy { $0.text.contains("office") && !$0.remedy.isEmpty })
        // Reading the configuration again must not try again: that would never end at the end of the process.
        for _ in 0..<3 {
            await agent.reload()
            try await settled(agent)
        }
        #expect(world.withdrawn.count == 1)
        world.startInstaller()
        world.advance(3600)
        await agent.tick()
        try await untilStatus(agent) { $0.problems.isEmpty }
        #expect(world.withdrawn.count == 2)
        await agent.stop()
    }

    @Test func `is published anew when it comes back`() async throws {
        let world = try worldWithFolder()
        world.startInstaller()
        let agent = Agent(world.ports)
        try await agent.start()
        try await untilStatus(agent) { _ in world.withdrawn == ["office"] }
        world.configure(Configuration(profiles: [try .sample()], refused: []))
        await agent.reload()
        #expect(try await agent.status("office").profiles.first?.published == nil)
        await agent.stop()
        #expect(try !world.store("office").loadState().state.isWithdrawn)
        world.configure(Configuration(profiles: [], refused: []))
        let next = Agent(world.ports)
        try await next.start()
        try await untilStatus(next) { _ in world.withdrawn == ["office", "office"] }
        await next.stop()
    }

    @Test(arguments: [
        Configuration(profiles: [], refused: [("office", ["office.toml:3:1: unknown key"])]),
        Configuration(profiles: [], refused: [("/etc/signet/profiles.d/Office.toml", ["its name is no profile's"])]),
        Configuration(profiles: [], refused: [("profiles.d", ["it cannot be listed"])], isComplete: false),
    ])
    func `is not one that has errors, or that cannot be seen`(_ configuration: Configuration) async throws {
        let world = try worldWithFolder()
        world.startInstaller()
        world.configure(configuration)
        let agent = Agent(world.ports)
        try await agent.start()
        try await settled(agent)
        await agent.stop()
        #expect(world.withdrawn == [])
        #expect(try world.store("office").loadState().state.published == 1)
    }

    @Test func `is withdrawn whatever is wrong with the agent's own file`() async throws {
        let world = try worldWithFolder()
        world.startInstaller()
        world.configure(
            Configuration(
                profiles: [], refused: [(Configuration.settings, ["signet.toml:1:1: unknown key"])],
                management: .unreadable))
        let agent = Agent(world.ports)
        try await agent.start()
        try await untilStatus(agent) { _ in world.withdrawn == ["office"] }
        await agent.stop()
    }

    @Test func `a folder of profiles that cannot be read ends nothing`() async throws {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        world.configure(Configuration(profiles: [], refused: [("profiles.d", ["denied"])], isComplete: false))
        await agent.reload()
        #expect(try await agent.status("office").profiles.count == 1)
        await agent.stop()
    }

    /// Until nothing is under way any more.
    private func settled(_ agent: Agent) async throws {
        try await untilStatus(agent) { _ in true }
        while await agent.isNeeded() { await Task.yield() }
    }
}
