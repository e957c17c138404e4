import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import SCEP
import Secrets
import Synchronization
import Testing

@testable import SignetAgent

/// Credentials are handed over when a process starts: who puts another one in place needs another process.
@Suite(.timeLimit(.minutes(1)))
struct CredentialTests {
    private struct Missing: Error {}

    private func worldWithoutChallenge() throws -> (World, AgentPorts) {
        let world = World(profiles: [try .sample()])
        var ports = world.ports
        ports.challenge = { _ in throw Missing() }
        return (world, ports)
    }

    @Test func `while a challenge is missing the process ends with its last client, and does not linger`() async throws
    {
        let (world, ports) = try worldWithoutChallenge()
        let agent = Agent(ports)
        try await agent.start()
        let lingering = Lingering(agent, idle: 600, now: ports.now, wait: ports.wait)
        await lingering.clients(1)
        try await until(agent) { $0.problems.map(\.code) == ["challenge-unavailable"] }
        for await _ in try await agent.order(.enroll, of: "office") {}
        let idle = Task { await lingering.untilIdle() }
        await lingering.clients(0)
        await idle.value
        // Nobody was asked for anything: there may be many such processes.
        #expect(world.asked == 0)
        await agent.stop()
    }

    @Test func `after a mere look at the status it stays a second`() async throws {
        let (world, ports) = try worldWithoutChallenge()
        let agent = Agent(ports)
        try await agent.start()
        let lingering = Lingering(agent, idle: 600, now: ports.now, wait: ports.wait)
        try await until(agent) { $0.problems.map(\.code) == ["challenge-unavailable"] }
        await lingering.clients(1)
        await lingering.clients(0)
        let isEnded = Mutex(false)
        let idle = Task {
            await lingering.untilIdle()
            isEnded.withLock { $0 = true }
        }
        while world.sleepers < 2 { await Task.yield() }
        #expect(!isEnded.withLock { $0 })
        world.advance(1.5)
        await idle.value
        await agent.stop()
    }

    @Test func `nor is it kept by a client that stays connected`() async throws {
        let (world, ports) = try worldWithoutChallenge()
        let agent = Agent(ports)
        try await agent.start()
        try await until(agent) { $0.problems.map(\.code) == ["challenge-unavailable"] }
        let lingering = Lingering(agent, idle: 600, now: ports.now, wait: ports.wait)
        await lingering.clients(1)
        let isEnded = Mutex(false)
        let idle = Task {
            await lingering.untilIdle()
            isEnded.withLock { $0 = true }
        }
        while world.sleepers < 2 { await Task.yield() }
        #expect(!isEnded.withLock { $0 })
        world.advance(700)
        await idle.value
        await agent.stop()
    }

    @Test func `who comes while it ends keeps it, or is at least served to the end`() async throws {
        let world = World(profiles: [])
        let agent = Agent(world.ports)
        try await agent.start()
        let lingering = Lingering(agent, idle: 0, now: world.ports.now, wait: world.ports.wait)
        await lingering.untilIdle()
        #expect(await !lingering.isKept)
        #expect(await lingering.servesTheLast)
        await lingering.clients(1)
        #expect(await lingering.isKept)
        #expect(await lingering.servesTheLast)
        await agent.stop()
        // But for one that should make place.
        let (_, ports) = try worldWithoutChallenge()
        let waiting = Agent(ports)
        try await waiting.start()
        try await until(waiting) { $0.problems.map(\.code) == ["challenge-unavailable"] }
        let brief = Lingering(waiting, idle: 600, now: ports.now, wait: ports.wait)
        #expect(await brief.servesTheLast)
        await brief.clients(1)
        #expect(await !brief.isKept)
        #expect(await !brief.servesTheLast)
        await waiting.stop()
    }

    @Test func `nor, once an order failed, by one that looks again and again`() async throws {
        let (world, ports) = try worldWithoutChallenge()
        let agent = Agent(ports)
        try await agent.start()
        for await _ in try await agent.order(.enroll, of: "office") {}
        let lingering = Lingering(agent, idle: 600, now: ports.now, wait: ports.wait)
        await lingering.clients(1)
        let idle = Task { await lingering.untilIdle() }
        while world.sleepers < 2 { await Task.yield() }
        await lingering.clients(2)
        world.advance(1.5)
        await lingering.clients(1)
        world.advance(1.5)
        await idle.value
        await agent.stop()
    }

    @Test func `and what is ordered then is left to the next process`() async throws {
        let (world, ports) = try worldWithoutChallenge()
        let agent = Agent(ports)
        try await agent.start()
        for await _ in try await agent.order(.enroll, of: "office") {}
        let later = try await agent.order(.enroll, of: "office")
        // It neither keeps the process nor is begun with.
        #expect(await !agent.isNeeded())
        #expect(await agent.linger() == .none)
        await agent.stop()
        for await progress in later { Issue.record("\(progress)") }
        #expect(world.asked == 0)
    }

    @Test func `the next process tries at once, and lingers`() async throws {
        let (world, ports) = try worldWithoutChallenge()
        let first = Agent(ports)
        try await first.start()
        try await until(first) { $0.problems.map(\.code) == ["challenge-unavailable"] }
        #expect(await first.linger() == .brief)
        await first.stop()
        let next = Agent(world.ports)
        try await next.start()
        try await until(next) { $0.problems.map(\.code) == ["server-unreachable"] }
        #expect(world.asked > 0)
        #expect(await next.linger() == .full)
        await next.stop()
    }

    @Test func `an order in vain does not wait for what another profile has to do`() async throws {
        let (world, ports) = try worldWithoutChallenge()
        var other = try Profile.sample("other")
        other = Profile(
            name: other.name,
            scep: SCEPSettings(
                urls: other.scep.urls, caFingerprints: other.scep.caFingerprints, allowUnpinnedCA: false,
                raFingerprints: [], challenge: nil, security: .compatible, legacyRequest: false, afterRevocation: .wait,
                tlsCA: nil), subject: other.subject, key: other.key, renewal: other.renewal, install: other.install,
            deviceTag: other.deviceTag)
        world.configure(Configuration(profiles: [try .sample(), other], refused: []))
        let agent = Agent(ports)
        try await agent.start()
        for await status in await agent.changes() where status.profiles.allSatisfy({ $0.state == .failed }) { break }
        // The other is tried again in a minute.
        #expect(await agent.isNeeded())
        for await _ in try await agent.order(.enroll, of: "office") {}
        while await agent.isNeeded() { await Task.yield() }
        await agent.stop()
    }
}
