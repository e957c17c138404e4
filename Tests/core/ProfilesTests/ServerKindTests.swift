import Profiles
import Testing

struct ServerKindTests {
    @Test func `a URL gives a product away, or none`() {
        #expect(ServerKind(servedAt: "https://pki/CertSrv/mscep/mscep.dll") == .ndes)
        #expect(ServerKind(servedAt: "http://pki:8080/ejbca/publicweb/apply/scep/a/pkiclient.exe") == .ejbca)
        #expect(ServerKind(servedAt: "https://pki/scep") == .auto)
    }

    @Test func `What NDES and Dogtag mean by refusals is said in words of their own (Q-09, Q-15, Q-66)`() {
        let renewal = ServerKind.ndes.hint(for: .failInfo("badRequest", challengeSent: false))
        #expect(renewal?.contains("KB5014754") == true)
        #expect(ServerKind.ndes.hint(for: .failInfo("badRequest", challengeSent: true))?.contains("challenge") == true)
        #expect(ServerKind.ndes.hint(for: .status(404))?.contains("request filtering") == true)
        #expect(ServerKind.dogtag.hint(for: .status(500))?.contains("HSM") == true)
        #expect(ServerKind.dogtag.hint(for: .status(500))?.contains("allowedEncryptionAlgorithms") == true)
        #expect(ServerKind.dogtag.hint(for: .discovery(503))?.contains("ca.scep.enable") == true)
    }

    @Test func `an answer that means more than it says is explained, for the product that gave it alone (Q-45, Q-72)`()
    {
        #expect(ServerKind.ejbca.hint(for: .status(400))?.contains("New") == true)
        #expect(ServerKind.ejbca.hint(for: .status(403))?.contains("New") == true)
        #expect(ServerKind.ejbca.hint(for: .discovery(404))?.contains("ca-identifier") == true)
        #expect(ServerKind.ejbca.hint(for: .status(404)) == nil)
        #expect(ServerKind.ndes.hint(for: .discovery(404)) == nil)
        #expect(ServerKind.ndes.hint(for: .status(400)) == nil)
        #expect(ServerKind.ndes.hint(for: .failInfo("badMessageCheck", challengeSent: true))?.contains("29") == true)
        #expect(ServerKind.ndes.hint(for: .failInfo("badCertId", challengeSent: false)) == nil)
        // Whoever says that an algorithm does not please means the requests' own.
        for kind in ServerKind.allCases where kind != .dogtag {
            let hint = kind.hint(for: .failInfo("badAlg", challengeSent: false))
            #expect(hint?.contains("legacy-request = true") == true)
        }
        let form = ServerKind.xipki.hint(for: .failInfo("badRequest", challengeSent: true))
        #expect(form?.contains("user:password") == true)
        for status in [401, 403, 500] {
            #expect(ServerKind.auto.hint(for: .status(status))?.contains("challenge") == true)
            #expect(ServerKind.auto.hint(for: .discovery(status)) == nil)
        }
        #expect(ServerKind.auto.hint(for: .status(503)) == nil)
    }
}
