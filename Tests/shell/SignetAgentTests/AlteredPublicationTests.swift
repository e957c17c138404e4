import ControlProtocol
import Enrollment
import FoundationEssentials
import Profiles
import Testing
import X509

@testable import SignetAgent

@Suite("What readers find", .timeLimit(.minutes(1)))
struct AlteredPublicationTests {
    @Test func `is published again where it is gone, at a tick and at a start`() async throws {
        let world = World(profiles: [try .sample()])
        let certificate = try world.enroll("office")
        world.startInstaller()
        world.tamper("office", nil)
        let first = Agent(world.ports)
        try await first.start()
        try await until(first) { $0.published == 1 && world.publications == 1 }
        #expect(try world.ports.publishedCertificate(#require(ProfileName("office"))) == certificate)
        // Only once a tick, since this is asked for at the end of every process too.
        world.tamper("office", nil)
        await first.reload()
        #expect(world.publications == 1)
        world.advance(3600)
        await first.tick()
        try await until(first) { $0.published == 1 && world.publications == 2 }
        await first.stop()
    }

    @Test func `is a problem until it is right again`() async throws {
        let world = World(profiles: [try .sample()])
        _ = try world.enroll("office")
        let agent = Agent(world.ports)
        try await agent.start()
        #expect(try await agent.status("office").profiles.first?.problems.isEmpty == true)
        world.tamper("office", Array("not a certificate".utf8))
        await agent.tick()
        let profile = try await until(agent) { $0.problems.contains { $0.code == "installer-unreachable" } }
        #expect(profile.problems.map(\.code) == ["publication-altered", "installer-unreachable"])
        #expect(profile.published == nil)
        // The tag does not claim a certificate that no program finds.
        try await until(agent) { isPublished($0) == .fail }
        world.startInstaller()
        world.advance(80)
        #expect(try await until(agent) { $0.published == 1 && isPublished($0) == .pass }.problems.isEmpty)
        await agent.stop()
    }

    @Test func `says nothing where it may not be read`() async throws {
        let world = World(profiles: [try .sample()])
        _ = try world.enroll("office")
        world.startInstaller()
        var ports = world.ports
        ports.publishedCertificate = { _ in throw MemoryFiles.Unreadable() }
        let agent = Agent(ports)
        try await agent.start()
        await agent.tick()
        #expect(try await agent.status("office").profiles.first?.published == 1)
        #expect(world.publications == 0)
        await agent.stop()
    }

    private func isPublished(_ profile: StatusDocument.Profile) -> StatusDocument.Check.Result? {
        profile.tag.checks.first { $0.id == "cert.published" }?.result
    }
}
