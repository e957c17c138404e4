import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import Synchronization
import Testing

@testable import SignetAgent

@Suite("A change below /etc/signet", .timeLimit(.minutes(1)))
struct ConfigurationChangeTests {
    @Test func `is taken over while the process runs, a burst of them at once`() async throws {
        let world = World(profiles: [])
        let reads = Mutex(0)
        var ports = world.ports
        let read = ports.configuration
        ports.configuration = {
            reads.withLock { $0 += 1 }
            return read()
        }
        let agent = Agent(ports)
        try await agent.start()
        let before = reads.withLock { $0 }
        world.configure(Configuration(profiles: [try .sample()], refused: []))
        for _ in 0..<5 { await agent.configurationChanged() }
        #expect(await agent.isNeeded())
        while world.sleepers == 0 { await Task.yield() }
        #expect(reads.withLock { $0 } == before)
        world.advance(1)
        for await status in await agent.changes() where !status.profiles.isEmpty { break }
        #expect(reads.withLock { $0 } == before + 1)
        // The next burst is another.
        world.configure(Configuration(profiles: [], refused: []))
        await agent.configurationChanged()
        while await agent.isReloadPlanned { world.advance(1) }
        for await status in await agent.changes() where status.profiles.isEmpty { break }
        #expect(reads.withLock { $0 } == before + 2)
        await agent.stop()
    }
}
