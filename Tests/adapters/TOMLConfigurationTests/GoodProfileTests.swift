import Profiles
import TOMLConfiguration
import Testing
import X509

struct GoodProfileTests {
    @Test func `every key of a full profile is read`() throws {
        let profile = try Reading.profile(
            """
            [scep]
            url = ["https://pki.example.com/scep", "https://pki2.example.com/scep"]
            ca-fingerprint = ["sha256:\(Reading.fingerprint)", "\(String(repeating: "AB:", count: 31))AB"]
            ra-fingerprint = ["\(String(repeating: "cd", count: 32))"]
            challenge = { credential = "scep-challenge", single-use = true }
            security = "rfc8894"
            after-revocation = "enroll"
            after-cloning = "enroll"
            tls-ca = "/etc/signet/anchors/tls.pem"
            proxy = { url = "http://proxy.example.com:3128", credential = "proxy-login" }

            [subject]
            name = "CN=${serial_number},O=Example"
            alternative-names = ["DNS:${fqdn}", "URI:urn:device:${machine_id}"]

            [key]
            type = "rsa"
            bits = 3072
            store = "file"

            [renewal]
            at = 0.5
            spread = 0

            [install]
            anchors = ["/etc/signet/anchors/root.pem"]
            chain   = ["/etc/signet/anchors/issuing.pem"]
            group = "signet-clients"

            [device-tag]
            identification-cas = ["/etc/signet/anchors/root.pem", "/etc/signet/anchors/issuing.pem"]
            gateway = "mdca"
            require-revocation-check = true
            crl-urls = ["http://crl.example.com/a.crl"]
            """)
        let expected = Profile(
            name: try #require(ProfileName("a")),
            scep: SCEPSettings(
                urls: ["https://pki.example.com/scep", "https://pki2.example.com/scep"],
                caFingerprints: [
                    [0x4F, 0x0A] + [UInt8](repeating: 0, count: 30), [UInt8](repeating: 0xAB, count: 32),
                ],
                allowUnpinnedCA: false, raFingerprints: [[UInt8](repeating: 0xCD, count: 32)],
                challenge: ChallengeSource(location: .credential("scep-challenge"), singleUse: true),
                security: .rfc8894, legacyRequest: false, afterRevocation: .enroll, afterCloning: .enroll,
                tlsCA: "/etc/signet/anchors/tls.pem",
                proxy: ProxySettings(url: "http://proxy.example.com:3128", credential: "proxy-login")),
            subject: SubjectTemplate(
                name: "CN=${serial_number},O=Example",
                alternativeNames: ["DNS:${fqdn}", "URI:urn:device:${machine_id}"]),
            key: KeySettings(.rsa(bits: 3072)), renewal: RenewalSettings(at: 0.5, spread: 0),
            install: InstallSettings(
                anchors: ["/etc/signet/anchors/root.pem"], chain: ["/etc/signet/anchors/issuing.pem"],
                group: "signet-clients"),
            deviceTag: DeviceTagSettings(
                identificationCAs: ["/etc/signet/anchors/root.pem", "/etc/signet/anchors/issuing.pem"],
                gateway: .mdca, requireRevocationCheck: true, revocationListURLs: ["http://crl.example.com/a.crl"]))
        #expect(profile == expected)
    }

    @Test func `a preset bundles options, and what the profile says itself counts for more`() throws {
        func options(_ lines: String) throws -> ServerOptions {
            try Reading.profile(Reading.text(scep: lines)).scep.options
        }
        #expect(try options("") == ServerOptions())
        #expect(try options("server = \"auto\"") == ServerOptions())
        #expect(try options("server = \"ndes\"") == ServerOptions(server: .ndes, renewalRequest: .pkcsReq))
        #expect(
            try options("server = \"step-ca\"")
                == ServerOptions(server: .stepCA, renewalRequest: .renewalReq, challengeOnRenewal: true))
        #expect(
            try options("server = \"step-ca\"\nchallenge-on-renewal = false\nrenewal-request = \"challenge\"")
                == ServerOptions(server: .stepCA, renewalRequest: .challenge))
        #expect(
            try options("server = \"step-ca\"\nchallenge = { credential = \"c\", single-use = true }")
                == ServerOptions(server: .stepCA, renewalRequest: .renewalReq))
        #expect(try options("challenge-string = \"utf8\"") == ServerOptions(challengeString: .utf8))
        #expect(
            try options("ca-identifier = \"Root_CA & Söhne\"\ntransaction-id = \"device 7\"")
                == ServerOptions(caIdentifier: "Root_CA & Söhne", transactionID: "device 7"))
    }

    @Test func `the least profile has the defaults`() throws {
        let profile = try Reading.profile(Reading.text())
        #expect(profile.scep.urls == ["http://pki.example.com/scep"])
        #expect(profile.scep.challenge == nil)
        #expect(profile.scep.security == .compatible)
        #expect(!profile.scep.legacyRequest && !profile.scep.allowUnpinnedCA)
        #expect(profile.scep.afterRevocation == .wait)
        #expect(profile.scep.afterCloning == .wait)
        #expect(profile.key == KeySettings(.rsa(bits: 2048)))
        #expect(profile.renewal == RenewalSettings(at: 0.66, spread: 0.10))
        #expect(profile.install == InstallSettings(anchors: [], chain: [], group: nil))
        #expect(profile.deviceTag.gateway == .mdca)
        #expect(!profile.deviceTag.requireRevocationCheck)
    }

    @Test func `an EC key has a curve, P-256 where none is named`() throws {
        func key(_ line: String) throws -> KeySettings {
            try Reading.profile(Reading.text(rest: "[key]\ntype = \"ec\"\n\(line)")).key
        }
        #expect(try key("") == KeySettings(.ec(.p256)))
        #expect(try key("curve = \"P-256\"") == KeySettings(.ec(.p256)))
        #expect(try key("curve = \"P-384\"") == KeySettings(.ec(.p384)))
    }

    @Test func `no pin is needed where that is said`() throws {
        let profile = try Reading.profile(Reading.text(pin: "allow-unpinned-ca = true"))
        #expect(profile.scep.allowUnpinnedCA)
        #expect(profile.scep.caFingerprints.isEmpty)
    }

    @Test(arguments: [
        (
            "{ ndes = \"https://a/certsrv/mscep_admin/\", credential = \"login\" }",
            ChallengeServer(kind: .ndes, url: "https://a/certsrv/mscep_admin/", credential: "login")
        ),
        (
            "{ url = \"HTTPS://a/c?d=e\", credential = \"token\" }",
            ChallengeServer(kind: .endpoint, url: "HTTPS://a/c?d=e", credential: "token")
        ),
        (
            "{ url = \"https://[::1]:8/\", method = \"POST\" }",
            ChallengeServer(kind: .endpoint, url: "https://[::1]:8/", credential: nil, method: .post)
        ),
    ])
    func `a challenge may come from a server`(line: String, server: ChallengeServer) throws {
        let profile = try Reading.profile(Reading.text(scep: "challenge = \(line)"))
        #expect(profile.scep.challenge == ChallengeSource(location: .server(server), singleUse: false))
    }

    @Test(arguments: ["http://proxy.example.com:3128", "HTTP://127.0.0.1:8888", "http://[::1]:3128"])
    func `a proxy may be a URL alone`(url: String) throws {
        #expect(try Reading.profile(Reading.text(scep: "proxy = \"\(url)\"")).scep.proxy == ProxySettings(url: url))
    }

    @Test func `a challenge may come from a file or a command`() throws {
        let file = try Reading.profile(Reading.text(scep: "challenge = { file = \"/run/c\" }"))
        #expect(file.scep.challenge == ChallengeSource(location: .file("/run/c"), singleUse: false))
        let command = try Reading.profile(Reading.text(scep: "challenge.command = [\"/bin/t\", \"-x\", \"-x\"]"))
        #expect(
            command.scep.challenge == ChallengeSource(location: .command(["/bin/t", "-x", "-x"]), singleUse: false))
    }

}
