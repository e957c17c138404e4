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

    @Test(arguments: [false, true])
    func `that brings a file which a profile names is taken up at once`(isRestarted: Bool) async throws {
        let world = World(profiles: [try .sample(chain: ["/etc/signet/anchors/issuing.pem"])])
        let isThere = Mutex(false)
        var ports = world.ports
        ports.certificates = { path in
            guard isThere.withLock({ $0 }) else { throw FileIsMissing(path: path) }
            return []
        }
        var agent = Agent(ports)
        try await agent.start()
        await agent.becomes("profile-invalid")
        #expect(world.asked == 0)
        // As long as it is missing, nothing is gained by looking again.
        await agent.reload()
        #expect(world.asked == 0)
        isThere.withLock { $0 = true }
        if isRestarted {
            await agent.stop()
            agent = Agent(ports)
            try await agent.start()
        } else {
            await agent.reload()
        }
        await agent.becomes("server-unreachable")
        #expect(world.asked > 0)
        await agent.stop()
    }
}

private struct FileIsMissing: Error {
    let path: String
}

extension Agent {
    /// Returns as soon as this is the only problem of the first profile.
    fileprivate func becomes(_ code: String) async {
        for await status in await changes() where status.profiles.first?.problems.map(\.code) == [code] { break }
    }
}
