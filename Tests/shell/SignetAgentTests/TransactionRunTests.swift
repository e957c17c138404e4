import Faults
import FoundationEssentials
import Profiles
import SCEP
import TestPKI
import Testing
import X509

@testable import SignetAgent

@Suite struct TransactionRunTests {
    /// A server that has requests wait for hours renews its RA meanwhile, and the process stays for as long.
    @Test func `a server's certificates are asked for once, and anew after a long wait (Q-08)`() async throws {
        let profile = try Profile.sampleWithRevocationList()
        let world = World(profiles: [profile])
        let authority = try CertificateOrder.authority("CN=root").issue()
        world.answer(.success(HTTPResponse(status: 200, body: authority.certificate.der)))
        let run = try TransactionRun(
            "http://pki.example.com/scep", profile: profile, anchors: [], known: [], ports: world.ports,
            store: try world.store("office"))
        for (seconds, asked) in [(0.0, 2), (60, 2), (239, 2), (1, 4), (0, 4)] {
            world.advance(seconds)
            #expect(try await run.discover().recipient == authority.certificate)
            #expect(world.asked == asked)
        }
        // Nor does a clock that was set back make it last.
        world.advance(-86_400)
        _ = try await run.discover()
        #expect(world.asked == 6)
    }
}
