import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import SCEP
import SignetAgent
import Synchronization
import Testing

@Suite("The agent", .timeLimit(.minutes(1)))
struct AgentTests {
    @Test func `a server that is not there is a problem that says when it is tried again`() async throws {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        let profile = try await until(agent) { !$0.problems.isEmpty && $0.state == .failed }
        #expect(profile.problems.map(\.code) == ["server-unreachable"])
        #expect(profile.problems.allSatisfy { !$0.remedy.isEmpty })
        let next = try #require(profile.next)
        #expect(next.action == "enroll")
        #expect((60...72).contains(next.at.date.timeIntervalSince(world.ports.now())))
        await agent.stop()
    }

    @Test func `a serial number that cannot be asked for says so, and not that the machine has none`() async throws {
        let world = World(profiles: [try .sample(subject: "CN=${serial_number}")])
        let agent = Agent(world.ports)
        try await agent.start()
        let profile = try await until(agent) { !$0.problems.isEmpty }
        #expect(profile.problems.map(\.code) == ["subject-unavailable"])
        #expect(profile.problems.allSatisfy { $0.text.contains("reach the installer") })
        await agent.stop()
    }

    @Test(arguments: [204, 302, 307])
    func `a portal that sends everybody elsewhere costs an hour, not the day that a refusal does`(
        status: Int
    ) async throws {
        let world = World(profiles: [try .sample()])
        world.answer(.success(HTTPResponse(status: status)))
        let agent = Agent(world.ports)
        try await agent.start()
        let profile = try await until(agent) { !$0.problems.isEmpty && $0.state == .failed }
        #expect(profile.problems.map(\.code) == ["not-a-scep-server"])
        let next = try #require(profile.next)
        #expect((3600...4320).contains(next.at.date.timeIntervalSince(world.ports.now())))
        await agent.stop()
    }

    @Test func `who begins to watch while something changes is told the last of it, not what was before`() async throws
    {
        for _ in 0..<20 {
            let world = World(profiles: [try .sample()])
            let agent = Agent(world.ports)
            try await agent.start()
            await withThrowingTaskGroup { watchers in
                for _ in 0..<50 { watchers.addTask { try await until(agent) { $0.state == .failed } } }
            }
            await agent.stop()
        }
    }

    @Test func `the clock brings the next try`() async throws {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.state == .failed }
        let asked = world.asked
        world.answer(.success(HTTPResponse(status: 503)))
        world.advance(80)
        let profile = try await until(agent) { $0.problems.contains { $0.text.contains("503") } }
        #expect(world.asked > asked)
        #expect(profile.state == .failed)
        await agent.stop()
    }

    @Test func `a full disk is a problem, and what was due follows when there is space`() async throws {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.state == .failed }
        world.files.isFull = true
        world.advance(80)
        let full = try await until(agent) { $0.problems.contains { $0.code == "storage" } }
        #expect(!full.problems.contains { $0.text.isEmpty })
        world.files.isFull = false
        world.answer(.success(HTTPResponse(status: 404)))
        world.advance(80)
        try await until(agent) { !$0.problems.contains { $0.code == "storage" } }
        world.advance(200)
        let profile = try await until(agent) { $0.problems.contains { $0.code == "not-a-scep-server" } }
        #expect(!profile.problems.contains { $0.code == "storage" })
        await agent.stop()
    }

    @Test func `an order ends at once where nothing can be saved, and is followed where it can be again`() async throws
    {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.state == .failed }
        world.files.isFull = true
        world.advance(80)
        try await until(agent) { $0.problems.contains { $0.code == "storage" } }
        var refused: [OrderProgress] = []
        for await progress in try await agent.order(.enroll, of: "office") { refused.append(progress) }
        guard case .failed(let problem) = refused.last else {
            Issue.record("the order ended with \(refused)")
            return
        }
        #expect(problem?.code == .storage)
        world.files.isFull = false
        let asked = world.asked
        for await _ in try await agent.order(.enroll, of: "office") {}
        #expect(world.asked > asked)
        await agent.stop()
    }

    @Test func `an admin's order ends with the reason why it failed`() async throws {
        let world = World(profiles: [try .sample()])
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.state == .failed }
        var last: OrderProgress?
        for await progress in try await agent.order(.enroll, of: "office") { last = progress }
        guard case .failed(let problem) = last else {
            Issue.record("the order ended with \(String(describing: last))")
            return
        }
        #expect(problem?.code == .unreachable)
        await #expect(throws: AgentError.noSuchProfile("nobody")) { try await agent.order(.renew, of: "nobody") }
        await agent.stop()
    }

    @Test func `a profile that was just dropped can be ordered at once`() async throws {
        let world = World(profiles: [])
        let agent = Agent(world.ports)
        try await agent.start()
        world.configure(Configuration(profiles: [try .sample()], refused: []))
        var last: OrderProgress?
        for await progress in try await agent.order(.enroll, of: "office") { last = progress }
        guard case .failed(let problem) = last else {
            Issue.record("the order ended with \(String(describing: last))")
            return
        }
        #expect(problem?.code == .unreachable)
        await agent.stop()
    }

    @Test func `the device's id is made once and kept`() async throws {
        let world = World(profiles: [])
        let first = Agent(world.ports)
        try await first.start()
        let second = Agent(world.ports)
        try await second.start()
        let id = try await first.status(nil).device.id
        #expect(id.utf8.count == 32)
        #expect(try await second.status(nil).device.id == id)
    }

    @Test func `a profile with errors is shown with them, and is not run`() async throws {
        let world = World(profiles: [])
        world.configure(Configuration(profiles: [], refused: [("office", ["office.toml:3:1: unknown key"])]))
        let agent = Agent(world.ports)
        try await agent.start()
        let status = try await agent.status(nil)
        #expect(status.problems.map(\.code) == ["profile-invalid"])
        #expect(status.problems.allSatisfy { $0.text.contains("office.toml:3:1") })
        #expect(status.profiles.isEmpty)
        world.configure(Configuration(profiles: [try .sample()], refused: []))
        await agent.reload()
        #expect(try await agent.status(nil).problems.isEmpty)
        #expect(try await agent.status("office").profiles.count == 1)
        await agent.stop()
    }

    @Test func `a state file of a newer program leaves the profile alone`() async throws {
        let world = World(profiles: [try .sample()])
        let newer = Array(#"{"version":2}"#.utf8)
        try world.files.write(newer, to: "profiles/office/state.json", mode: 0o600)
        let agent = Agent(world.ports)
        try await agent.start()
        #expect(try await agent.status(nil).problems.map(\.code) == ["state-unreadable"])
        #expect(world.asked == 0)
        #expect(try world.files.read("profiles/office/state.json", limit: 100) == newer)
    }

    @Test func `the process stays while something falls due before the next tick, and ends else`() async throws {
        let world = World(profiles: [try .sample()])
        world.answer(.success(HTTPResponse(status: 503, retryAfter: 86_400)))
        let agent = Agent(world.ports)
        try await agent.start()
        let profile = try await until(agent) { $0.problems.contains { $0.code == "server-overloaded" } }
        let next = try #require(profile.next)
        let lingering = Lingering(agent, idle: 10, now: world.ports.now, wait: world.ports.wait)
        world.advance(20)
        await lingering.untilIdle()
        #expect(await !agent.isNeeded())
        world.advance(next.at.date.timeIntervalSince(world.ports.now()) - 600)
        #expect(await agent.isNeeded())
        await agent.stop()
    }

    @Test func `a client that goes has the agent wait for its idle time once, not over and over`() async throws {
        let world = World(profiles: [])
        let agent = Agent(world.ports)
        try await agent.start()
        let (begun, wait) = AsyncStream.makeStream(of: Void.self)
        let count = Mutex(0)
        let lingering = Lingering(agent, idle: 10, now: world.ports.now) { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == 1 { wait.finish() }
            // Each client calls off the wait that stood when it came. A wait that was called off must not bring the next.
            var turns = 0
            while !Task.isCancelled, number == 1 || turns < 10_000 {
                await Task.yield()
                turns += 1
            }
            if !Task.isCancelled || number == 50 { world.advance(20) }
        }
        let idle = Task { await lingering.untilIdle() }
        for await _ in begun {}
        await lingering.clients(1)
        await lingering.clients(0)
        await idle.value
        #expect(count.withLock { $0 } < 50)
        await agent.stop()
    }
}
