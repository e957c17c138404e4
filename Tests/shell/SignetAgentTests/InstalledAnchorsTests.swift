import ControlProtocol
import Enrollment
import Faults
import FoundationEssentials
import Installation
import Profiles
import SCEP
import Synchronization
import TestPKI
import Testing
import X509

@testable import SignetAgent

/// Which anchors count as Signet's own when the HTTPS server of a PKI is judged.
@Suite struct InstalledAnchorsTests {
    private let stored: Certificate
    private let named: Certificate

    init() throws {
        stored = try CertificateOrder.authority("CN=left by another profile", key: .authority).issue().certificate
        named = try CertificateOrder.authority("CN=named by this one", key: .other).issue().certificate
    }

    private func anchors(_ change: (inout AgentPorts) -> Void) async throws -> [Certificate]? {
        let world = World(profiles: [try .sample(anchors: ["/etc/signet/anchors/root.pem"])])
        var ports = world.ports
        ports.installedAnchors = { [stored] in [stored] }
        ports.certificates = { [named] _ in [named] }
        change(&ports)
        let agent = Agent(ports)
        try await agent.start()
        let context = try #require(await agent.context)
        await agent.stop()
        return context.anchors
    }

    @Test func `those of the trust store, whoever's they were, and those that a profile names`() async throws {
        #expect(try await anchors { _ in } == [stored, named])
    }

    @Test func `nobody knows where one cannot be read`() async throws {
        let fault = InstallationFault(.trustStoreFailed, attempted: "read")
        #expect(try await anchors { $0.installedAnchors = { throw fault } } == nil)
        #expect(try await anchors { $0.certificates = { _ in throw fault } } == nil)
    }
}
