import ControlProtocol
import Enrollment
import FoundationEssentials
import TestPKI
import Testing
import X509

@testable import SignetAgent

@Suite("A folder that cannot be read", .timeLimit(.minutes(1)))
struct UnreadableFolderTests {
    /// A request was sent, and the process ended before its reply.
    private func worldWithRequest() throws -> World {
        let world = World(profiles: [try .sample()])
        var state = EnrollmentState()
        var transaction = Transaction(
            kind: .enroll, rung: .challenge, server: "http://pki.example.com/scep", step: .sent,
            startedAt: world.ports.now())
        transaction.id = "00112233445566778899AABBCCDDEEFF"
        state.transaction = transaction
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        try world.files.write(Array(try encoder.encode(state)), to: "profiles/office/state.json", mode: 0o600)
        let signer = try CertificateOrder("CN=laptop", key: .device).issue().certificate
        let store = try world.store("office")
        try store.save(PendingKey(key: TestKey.device.secret, signer: nil))
        try store.savePending(
            PendingRequest(
                id: "00112233445566778899AABBCCDDEEFF", type: "19", senderNonce: Data(),
                server: "http://pki.example.com/scep", subject: Data(signer.subject.der), signer: Data(signer.der),
                signerGeneration: nil, renews: nil, message: [1]))
        return world
    }

    @Test func `loses neither key nor request: nothing is decided until it can be read`() async throws {
        let world = try worldWithRequest()
        world.files.isUnlistable = true
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.problems.contains { $0.code == "state-unreadable" } }
        for _ in 0..<3 {
            world.advance(80)
            _ = try await agent.evaluate(nil)
            #expect(world.files.paths.contains("profiles/office/pending/key.pem"))
            let profile = try #require(try await agent.status(nil).profiles.first)
            #expect(profile.problems.map(\.code) == ["state-unreadable"])
        }
        #expect(world.asked == 0)
        await agent.stop()
    }

    @Test func `is taken up where it was left, once it can be read`() async throws {
        let world = try worldWithRequest()
        world.files.isUnlistable = true
        let agent = Agent(world.ports)
        try await agent.start()
        try await until(agent) { $0.problems.contains { $0.code == "state-unreadable" } }
        world.files.isUnlistable = false
        world.advance(80)
        let profile = try await until(agent) { $0.problems.contains { $0.code == "server-unreachable" } }
        #expect(profile.transaction?.id == "00112233445566778899AABBCCDDEEFF")
        #expect(world.files.paths.contains("profiles/office/pending/key.pem"))
        await agent.stop()
    }
}
