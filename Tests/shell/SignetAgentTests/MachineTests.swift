import ControlProtocol
import Enrollment
import FoundationEssentials
import JournalEntries
import SCEP
import Testing

@testable import SignetAgent

@Suite("The machine", .timeLimit(.minutes(1)))
struct MachineTests {
    /// A process that starts, comes to rest and ends.
    private func run(_ world: World) async throws -> (id: String, problems: [String]) {
        let agent = Agent(world.ports)
        try await agent.start()
        let status = try await agent.status(nil)
        await agent.stop()
        return (status.device.id, status.profiles.flatMap(\.problems).map(\.code))
    }

    @Test func `its id stays over boots, and is another one in a machine that has a copy of the disk`() async throws {
        let world = World(profiles: [try .sample()])
        _ = try world.enroll("office")
        world.boot("1", uuid: "u1")
        let first = try await run(world)
        world.boot("2", uuid: "u1", machineID: "new")
        #expect(try await run(world).id == first.id)
        #expect(!(try await run(world).problems.contains("cloned")))
        try world.files.write([1], to: "outbox/1.json", mode: 0o600)
        try world.files.write([1], to: "reports.json", mode: 0o600)
        world.boot("3", uuid: "u2")
        let copy = try await run(world)
        #expect(copy.id != first.id)
        #expect(copy.problems.contains("cloned"))
        #expect(!world.files.paths.contains { $0.hasPrefix("outbox") || $0 == "reports.json" })
        #expect(world.asked == 0, "the other machine's identity is not renewed, and nothing is sent with it")
        let again = try await run(world)
        #expect(again.id == copy.id)
        #expect(world.entries.filter { $0.messageID == JournalEvent.deviceRenewed.messageID }.count == 1)
        #expect(world.entries.filter { $0.messageID == ProblemCode.cloned.messageID }.count == 1)
    }

    @Test func `is looked at once a boot, and concludes nothing while the installer does not answer`() async throws {
        let world = World(profiles: [])
        world.boot("1", uuid: "u1")
        let first = try await run(world)
        world.boot("1", uuid: "u2")
        #expect(try await run(world).id == first.id, "no boot, no other machine")
        world.boot("2", uuid: nil)
        world.loseInstaller()
        #expect(try await run(world).id == first.id)
        world.boot("2", uuid: "u2")
        #expect(try await run(world).id != first.id, "and was not taken for compared")
    }

    @Test func `of an older version's folder is the one on which this version first starts`() async throws {
        let world = World(profiles: [try .sample()])
        _ = try world.enroll("office")
        let old = #"{"id":"0123","refusedSince":{},"version":1}"#
        try world.files.write(Array(old.utf8), to: "device.json", mode: 0o600)
        world.boot("1", uuid: "u1")
        let first = try await run(world)
        #expect(first.id == "0123")
        #expect(!first.problems.contains("cloned"))
        world.boot("2", uuid: "u2")
        #expect(try await run(world).problems.contains("cloned"))
    }

    @Test func `that lost the agent's memory recognises its identity all the same`() async throws {
        let world = World(profiles: [try .sample()])
        world.boot("1", uuid: "u1")
        let digest = world.ports.cryptography.sha256
        let marks = MachineMarks(MachineTraits(productUUID: "u1"), device: "d1", digest: digest)
        _ = try world.enroll("office", machine: marks)
        #expect(!(try await run(world).problems.contains("cloned")))
        try world.files.remove("device.json")
        world.boot("2", uuid: "u2")
        #expect(try await run(world).problems.contains("cloned"))
    }

    @Test func `that lost its memory and then a state file is no copy of itself`() async throws {
        let world = World(profiles: [try .sample()])
        world.boot("1", uuid: "u1")
        let digest = world.ports.cryptography.sha256
        let marks = MachineMarks(MachineTraits(productUUID: "u1"), device: "d1", digest: digest)
        _ = try world.enroll("office", machine: marks)
        try world.files.remove("device.json")
        #expect(!(try await run(world).problems.contains("cloned")))
        for uuid in ["u1", "u2"] {
            try world.files.write(Array("{".utf8), to: "profiles/office/state.json", mode: 0o600)
            world.boot("1", uuid: uuid)
            let problems = try await run(world).problems
            #expect(problems.contains("state-rebuilt"))
            #expect(problems.contains("cloned") == (uuid == "u2"), "\(uuid)")
        }
    }
}
