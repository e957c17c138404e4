import Enrollment
import FoundationEssentials
import JournalEntries
import Profiles
import Synchronization
import Testing

@testable import SignetAgent

@Suite("On a full disk", .timeLimit(.minutes(1)))
struct HeldEventTests {
    /// A runner of an identity that the tag is not told of yet, on a disk that is full.
    private func runner(_ world: World, lines: @escaping @Sendable (String) -> Void = { _ in }) throws -> ProfileRunner
    {
        var ports = world.ports
        ports.log = { lines($0.message) }
        let runner = try ProfileRunner(
            .sample(), context: RunnerContext(facts: [.hostname: "laptop"], deviceID: "1", anchors: []), ports: ports,
            keys: KeyGenerator(cryptography: ports.cryptography), changed: { _ in })
        world.files.isFull = true
        return runner
    }

    @Test func `asking for the tag again and again holds one event, and says one line`() async throws {
        let world = World(profiles: [])
        _ = try world.enroll("office")
        let lines = Mutex<[String]>([])
        let runner = try runner(world) { line in lines.withLock { $0.append(line) } }
        await runner.start()
        for _ in 0..<20 { await runner.judgeAnew() }
        let held = try #require(await runner.unsaved?.events)
        #expect(held.filter { if case .tagged = $0 { true } else { false } }.count == 1)
        #expect(held.count <= 3)
        #expect(lines.withLock { $0.filter { $0.contains("device tag") }.count } == 1)
        await runner.stop()
    }

    @Test func `a problem has lasted since its first try, and is logged once`() async throws {
        let world = World(profiles: [])
        let lines = Mutex<[String]>([])
        let runner = try runner(world) { line in lines.withLock { $0.append(line) } }
        let start = world.ports.now()
        await runner.start()
        for _ in 0..<3 {
            world.advance(80)
            await runner.wake()
        }
        #expect(await runner.unsaved?.problem.since == start)
        #expect(lines.withLock { $0.filter { $0.contains(ProblemCode.storage.sentence) }.count } == 1)
        world.files.isFull = false
        await runner.wake()
        #expect(await runner.unsaved == nil)
        await runner.stop()
    }
}
