import ControlProtocol
import Faults
import FoundationEssentials
import Profiles
import SCEP
import Secrets
import SignetAgent
import TestPKI
import Testing
import X509

@testable import SignetAgent

@Suite("A revocation list that was fetched", .timeLimit(.minutes(1)))
struct KeptRevocationListTests {
    private let world: World
    private let agent: Agent
    private let list: [UInt8]

    init() throws {
        world = World(profiles: [try .sampleWithRevocationList()])
        _ = try world.enroll("office")
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        list = try RevocationOrder(issuer: root, serials: [99]).der()
        agent = Agent(world.ports)
    }

    private func tag(after answer: Result<HTTPResponse, TransportFault>) async throws -> String? {
        world.answer(answer)
        // Each place is asked once a second at most.
        world.advance(2)
        return try await agent.evaluate("office").first?.tag.value
    }

    @Test func `counts on where a captive portal answers in its place, and after that`() async throws {
        try await agent.start()
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: list))) == "valid-client-certificate")
        let page = HTTPResponse(status: 200, contentType: "text/html", body: Array("<html>Welcome</html>".utf8))
        #expect(try await tag(after: .success(page)) == "valid-client-certificate")
        let fault = TransportFault(.notConnected, attempted: "connect")
        #expect(try await tag(after: .failure(fault)) == "valid-client-certificate")
        await agent.stop()
    }

    @Test func `is what was fetched last, also where that takes the tag away`() async throws {
        try await agent.start()
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: list))) == "valid-client-certificate")
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        let other = try RevocationOrder(issuer: root, serials: [1]).der()
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: other))) == "revoked")
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: [1, 2, 3]))) == "revoked")
        await agent.stop()
    }

    @Test func `counts on where its place answers with another CA's, or with what the CA signed before`() async throws {
        try await agent.start()
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        let revoking = try RevocationOrder(issuer: root, serials: [1]).with { $0.thisUpdate += 60 }.der()
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: revoking))) == "revoked")
        // The list from before is as current as the other one, and says that all is well.
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: list))) == "revoked")
        let other = try CertificateOrder.authority("CN=root", key: .other).issue()
        let forged = try RevocationOrder(issuer: other, serials: []).with { $0.thisUpdate += 120 }.der()
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: forged))) == "revoked")
        let later = try RevocationOrder(issuer: root, serials: []).with { $0.thisUpdate += 120 }.der()
        #expect(
            try await tag(after: .success(HTTPResponse(status: 200, body: later))) == "valid-client-certificate")
        await agent.stop()
    }

    @Test func `keeps its entries after its end, and where its place answers with a list for other certificates`()
        async throws
    {
        try await agent.start()
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        let ended = RevocationOrder(issuer: root, serials: [1]).with {
            $0.nextUpdate = $0.thisUpdate + 90
            $0.thisUpdate += 60
        }
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: ended.der()))) == "revoked")
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: list))) == "revoked")
        // IssuingDistributionPoint: onlyContainsCACerts (RFC 5280 §5.2.5).
        let ofAuthorities = RevocationOrder(issuer: root, serials: []).with {
            $0.thisUpdate += 120
            $0.extensions = [TestExtension("2.5.29.28", isCritical: true, value: [0x30, 0x03, 0x82, 0x01, 0xFF])]
        }
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: ofAuthorities.der()))) == "revoked")
        await agent.stop()
    }

    @Test func `is kept only where the CA signed it`() async throws {
        try await agent.start()
        let other = try CertificateOrder.authority("CN=other", key: .other).issue()
        let foreign = try RevocationOrder(issuer: other, serials: []).der()
        for body in [foreign, Array("<html>Welcome</html>".utf8)] {
            #expect(try await tag(after: .success(HTTPResponse(status: 200, body: body))) == "revocation-unknown")
            #expect(try world.files.names(in: "profiles/office/revocation").isEmpty)
        }
        #expect(try await tag(after: .success(HTTPResponse(status: 200, body: list))) == "valid-client-certificate")
        #expect(try world.files.names(in: "profiles/office/revocation").count == 1)
        await agent.stop()
    }

    @Test func `without one a page is no list`() async throws {
        try await agent.start()
        let page = HTTPResponse(status: 200, body: Array("<html>Welcome</html>".utf8))
        #expect(try await tag(after: .success(page)) == "revocation-unknown")
        await agent.stop()
    }
}
