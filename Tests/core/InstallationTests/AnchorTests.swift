import Faults
import Installation
import OpenSSLCrypto
import Profiles
import TestInstallation
import TestPKI
import Testing
import X509

/// Which anchors root's files put into the system's store, and which they take out.
struct AnchorTests {
    private let policy = InstallationPolicy(cryptography: OpenSSL())

    @Test func `only roots are anchors`() throws {
        var files = try RootFiles()
        files.anchors = [files.issuing.certificate]
        let configuration = try files.configuration()
        let fault = #expect(throws: InstallationFault.self) {
            _ = try policy.anchors(for: files.name, configuration: configuration, existing: [])
        }
        #expect(fault?.code == .configurationRefused)
        #expect(fault?.text.contains("install.chain") == true)
        // Self-issued, but signed by another key.
        let lookalike = CertificateOrder.authority("CN=Test Root,O=Signet Tests", key: .other, issuer: files.root)
        files.anchors = [try lookalike.issue().certificate]
        let forged = try files.configuration()
        #expect(throws: InstallationFault.self) {
            _ = try policy.anchors(for: files.name, configuration: forged, existing: [])
        }
    }

    @Test func `an anchor's file is named for its profile and fingerprint`() throws {
        let files = try RootFiles(named: "a-b")
        let plan = try policy.anchors(for: files.name, configuration: files.configuration(), existing: [])
        let digits = try policy.fingerprintText(files.root.certificate).prefix(16)
        #expect(plan.wanted.map(\.name) == ["signet-a-b-\(digits).crt"])
        let parsed = try #require(AnchorFile.parse("signet-a-b-\(digits).crt"))
        #expect(parsed == (files.name, String(digits)))
    }

    @Test(arguments: [
        "signet.crt", "signet-.crt", "signet-x.crt", "signet--0123456789abcdef.crt", "other-a-0123456789abcdef.crt",
        "signet-a-0123456789ABCDEF.crt", "signet-a-0123456789abcdef.pem", "signet-a-123456789abcdef.crt",
        "signet-a0123456789abcdef.crt", "signet-../a-0123456789abcdef.crt",
    ])
    func `a file that Signet did not make is nobody's anchor`(name: String) {
        #expect(AnchorFile.parse(name) == nil)
    }

    @Test func `what no profile names any more is removed, and nothing else`() throws {
        let files = try RootFiles()
        let broken = try ProfileName.required("broken")
        let fault = InstallationFault(.configurationRefused, attempted: "read it")
        let configuration = RootConfiguration(
            profiles: [files.name: .success(try files.profile()), broken: .failure(fault)])
        let digits = try policy.fingerprintText(files.root.certificate).prefix(16)
        let existing = [
            "corporate.crt", "signet-access-\(digits).crt", "signet-access-0000000000000000.crt",
            "signet-broken-1111111111111111.crt", "signet-gone-2222222222222222.crt",
            // Its profile is gone, but another names the same root.
            "signet-gone-\(digits).crt", "signet-handmade.crt",
        ]
        let plan = try policy.anchors(for: files.name, configuration: configuration, existing: existing)
        #expect(plan.removed == ["signet-access-0000000000000000.crt", "signet-gone-2222222222222222.crt"])
    }
}
