import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import Testing

@testable import SignetAgent

@Suite("device.json", .timeLimit(.minutes(1)))
struct DeviceMemoryTests {
    @Test(arguments: ["{", #"{"version":1}"#, "[]"])
    func `that cannot be read is said so, stays, and is no reason for another id`(_ text: String) async throws {
        let world = World(profiles: [])
        try world.files.write(Array(text.utf8), to: "device.json", mode: 0o600)
        for _ in 0..<2 {
            let agent = Agent(world.ports)
            try await agent.start()
            await agent.tick()
            let status = try await agent.status(nil)
            #expect(status.problems.map(\.code) == ["state-unreadable"])
            #expect(status.problems.allSatisfy { $0.text.contains("device.json") })
            #expect(status.device.id == "")
            await agent.stop()
        }
        #expect(try world.files.read("device.json", limit: 100) == Array(text.utf8))
    }

    @Test func `that is put right, or removed, is taken up`() async throws {
        let world = World(profiles: [])
        let agent = Agent(world.ports)
        try await agent.start()
        let id = try await agent.status(nil).device.id
        let good = try #require(try world.files.read("device.json", limit: 1000))
        await agent.stop()
        try world.files.write([1], to: "device.json", mode: 0o600)
        let next = Agent(world.ports)
        try await next.start()
        #expect(try await next.status(nil).device.id == "")
        try world.files.write(good, to: "device.json", mode: 0o600)
        await next.tick()
        #expect(try await next.status(nil).device.id == id)
        #expect(try await next.status(nil).problems.isEmpty)
        await next.stop()
        try world.files.write([1], to: "device.json", mode: 0o600)
        let last = Agent(world.ports)
        try await last.start()
        try world.files.remove("device.json")
        await last.tick()
        #expect(try await last.status(nil).device.id.utf8.count == 32)
        await last.stop()
    }

    @Test func `remembers of each profile by itself since when it is refused`() async throws {
        let world = World(profiles: [])
        let agent = Agent(world.ports)
        try await agent.start()
        let start = world.ports.now()
        world.configure(Configuration(profiles: [], refused: [("one", ["x"]), ("two", ["x"])]))
        await agent.reload()
        world.advance(3600)
        world.configure(Configuration(profiles: [], refused: [("two", ["x"])]))
        await agent.reload()
        world.advance(3600)
        world.configure(Configuration(profiles: [], refused: [("one", ["x"]), ("two", ["x"])]))
        await agent.reload()
        let since = try await agent.status(nil).problems.map { $0.since.date.timeIntervalSince(start) }
        #expect(since == [7200, 0])
        await agent.stop()
    }
}
