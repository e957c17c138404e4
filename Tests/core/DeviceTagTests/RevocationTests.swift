import DeviceTag
import FoundationEssentials
import OpenSSLCrypto
import TestPKI
import Testing
import X509

@Suite struct RevocationTests {
    @Test func `with current lists the tag holds until the first of them ends`() throws {
        var scene = try TagScene.withLists()
        #expect(scene.verdict().value == .valid)
        #expect(scene.verdict().validUntil == TestTime.end)
        let end = TestTime.now + 86_400
        scene.fetched[TagScene.issuingList] = .fetched(
            try RevocationOrder(issuer: scene.root, serials: []).with { $0.nextUpdate = end }.der())
        #expect(scene.verdict().validUntil == end)
        #expect(scene.verdict().ids(.warn) == [] && scene.verdict().ids(.fail) == [])
    }

    @Test func `the lists to fetch are those of the path below the CA that the gateway has`() throws {
        var scene = try TagScene.withLists()
        func urls() -> [String] { DeviceTag.revocationListURLs(for: scene.evidence().path, rules: scene.rules) }
        #expect(urls() == [TagScene.leafList, TagScene.issuingList])
        scene.identificationCAs = [scene.issuing.certificate, scene.root.certificate]
        #expect(urls() == [TagScene.leafList])
        scene.rules.revocationListURLs = ["HTTPS://more.example/crl", "ldap://x", TagScene.leafList]
        #expect(urls() == [TagScene.leafList, "HTTPS://more.example/crl"])
        scene.rules.requireRevocationCheck = false
        #expect(urls() == [])
    }

    @Test func `a list that names the certificate revokes it, whatever else is wrong`() throws {
        var scene = try TagScene.withLists()
        scene.fetched[TagScene.issuingList] = .unreachable("no route")
        scene.fetched[TagScene.leafList] = .fetched(
            try RevocationOrder(issuer: scene.issuing, serials: [1, 42]).with { $0.nextUpdate = TestTime.now - 1 }.der()
        )
        let verdict = scene.verdict()
        #expect(verdict.value == .revoked)
        #expect(verdict[.revocationList]?.text.contains(TagScene.leafList) == true)
    }

    @Test func `a revoked intermediate revokes what it issued, unless the gateway trusts it by name`() throws {
        var scene = try TagScene.withLists()
        scene.fetched[TagScene.issuingList] = .fetched(try RevocationOrder(issuer: scene.root, serials: [7]).der())
        #expect(scene.verdict().value == .revoked)
        scene.identificationCAs = [scene.root.certificate, scene.issuing.certificate]
        #expect(scene.verdict().value == .valid)
    }

    @Test func `an intermediate that names no list leaves its revocation unknown`() throws {
        var scene = try TagScene.withLists(authority: { $0.revocationListURLs = [] })
        scene.rules.revocationListURLs = [TagScene.leafList]
        #expect(scene.verdict().value == .revocationUnknown)
        #expect(scene.verdict()[.revocationList]?.text.contains("Test Issuing") == true)
        scene.rules.revocationListURLs = [TagScene.issuingList]
        #expect(scene.verdict().value == .valid)
    }

    @Test func `crl-urls stands in for a distribution point, with a warning`() throws {
        var scene = try TagScene.withLists(leaf: { $0.revocationListURLs = [] })
        #expect(scene.verdict().value == .revocationUnknown)
        scene.rules.revocationListURLs = [TagScene.leafList]
        #expect(scene.verdict().value == .valid)
        #expect(scene.verdict().ids(.warn) == [.revocationURL])
    }

    @Test func `one good list is enough where another place fails`() throws {
        var scene = try TagScene.withLists()
        scene.rules.revocationListURLs = ["http://mirror.example/crl"]
        #expect(scene.verdict().value == .valid)
        scene.fetched["http://mirror.example/crl"] = scene.fetched[TagScene.leafList]
        scene.fetched[TagScene.leafList] = .unreachable("refused")
        #expect(scene.verdict().value == .valid)
    }

    @Test func `a list that was not fetched leaves revocation unknown`() throws {
        var scene = try TagScene.withLists()
        scene.fetched[TagScene.leafList] = .unreachable("connection refused")
        #expect(scene.verdict().value == .revocationUnknown)
        #expect(scene.verdict()[.revocationList]?.text.contains("connection refused") == true)
        scene.fetched[TagScene.leafList] = nil
        #expect(scene.verdict().value == .revocationUnknown)
    }

    private func outcome(
        of order: RevocationOrder, from url: String = TagScene.leafList, for scene: TagScene, now: Date = TestTime.now
    ) throws -> RevocationOutcome {
        RevocationCheck.judge(
            try order.der(), from: url, for: scene.device.certificate, issuedBy: scene.issuing.certificate,
            crypto: OpenSSL(), now: now)
    }

    @Test func `a list is good within its time, give or take five minutes at its start`() throws {
        let scene = try TagScene()
        let order = RevocationOrder(issuer: scene.issuing, serials: [])
        #expect(try outcome(of: order, for: scene) == .good(nextUpdate: TestTime.end))
        #expect(try outcome(of: order, for: scene, now: TestTime.begin - 300).isGood)
        #expect(
            try outcome(of: order, for: scene, now: TestTime.begin - 301) == .notYetValid(thisUpdate: TestTime.begin))
        #expect(try outcome(of: order, for: scene, now: TestTime.end - 1).isGood)
        #expect(try outcome(of: order, for: scene, now: TestTime.end) == .stale(nextUpdate: TestTime.end))
        #expect(try outcome(of: order.with { $0.nextUpdate = nil }, for: scene) == .stale(nextUpdate: nil))
    }

    @Test func `a list counts only with its issuer's name and signature`() throws {
        let scene = try TagScene()
        #expect(try outcome(of: RevocationOrder(issuer: scene.root, serials: [42]), for: scene) == .otherIssuer)
        let impostor = try CertificateOrder.authority("CN=Test Issuing,O=Signet Tests", key: .other).issue()
        #expect(try outcome(of: RevocationOrder(issuer: impostor, serials: [42]), for: scene) == .badSignature)
    }

    @Test func `a CA that may not sign lists is not believed`() throws {
        let scene = try TagScene(authority: { $0.keyUsage = "critical,keyCertSign" })
        guard case .unsuitable = try outcome(of: RevocationOrder(issuer: scene.issuing, serials: [42]), for: scene)
        else {
            Issue.record("the list was believed")
            return
        }
    }

    @Test func `PEM is read too, and rubbish is not a list`() throws {
        let scene = try TagScene()
        let der = try RevocationOrder(issuer: scene.issuing, serials: []).der()
        func outcome(_ bytes: [UInt8]) -> RevocationOutcome {
            RevocationCheck.judge(
                bytes, from: TagScene.leafList, for: scene.device.certificate, issuedBy: scene.issuing.certificate,
                crypto: OpenSSL(), now: TestTime.now)
        }
        #expect(outcome(PEM.encode(der, label: PEM.revocationListLabel)).isGood)
        for bytes in [
            [], Array("<html>".utf8), Array("-----BEGIN X509 CRL-----".utf8), Array(der.dropLast()), der + [0],
        ] {
            guard case .malformed = outcome(bytes) else {
                Issue.record("\(bytes.count) bytes were taken for a list")
                continue
            }
        }
    }

    /// issuingDistributionPoint with one content, critical (RFC 5280 §5.2.5).
    private func scope(_ content: [UInt8]) -> TestExtension {
        TestExtension("2.5.29.28", isCritical: true, value: [0x30, UInt8(content.count)] + content)
    }

    @Test func `a list with a narrower scope does not tell that the device is good`() throws {
        let scene = try TagScene()
        let good = RevocationOrder(issuer: scene.issuing, serials: [])
        let onlyAuthorities: [UInt8] = [0x82, 1, 0xFF]
        let someReasons: [UInt8] = [0x83, 2, 0, 0x40]
        let indirect: [UInt8] = [0x84, 1, 0xFF]
        let onlyAttributes: [UInt8] = [0x85, 1, 0xFF]
        for content in [onlyAuthorities, someReasons, indirect, onlyAttributes] {
            let found = try outcome(of: good.with { $0.extensions = [scope(content)] }, for: scene)
            #expect(!found.isGood, "\(content)")
        }
        // Only certificates of users: that is what a device's is.
        #expect(try outcome(of: good.with { $0.extensions = [scope([0x81, 1, 0xFF])] }, for: scene).isGood)
    }

    @Test func `a list for another distribution point does not tell that the device is good`() throws {
        let scene = try TagScene()
        func order(_ url: String) -> RevocationOrder {
            let name = [0x86, UInt8(url.utf8.count)] + Array(url.utf8)
            let full = [0xA0, UInt8(name.count)] + name
            return RevocationOrder(issuer: scene.issuing, serials: []).with {
                $0.extensions = [scope([0xA0, UInt8(full.count)] + full)]
            }
        }
        #expect(try outcome(of: order(TagScene.leafList), for: scene).isGood)
        #expect(try !outcome(of: order("http://crl.example/shard-2.crl"), for: scene).isGood)
        // One that is a directory's name, whole or relative to the issuer's: whether it is the certificate's is not told.
        for name: [UInt8] in [[0xA0, 6, 0xA0, 4, 0xA4, 2, 0x30, 0], [0xA0, 4, 0xA1, 2, 0x31, 0]] {
            let list = RevocationOrder(issuer: scene.issuing, serials: []).with { $0.extensions = [scope(name)] }
            #expect(try !outcome(of: list, for: scene).isGood, "\(name)")
        }
    }

    @Test func `a critical extension that nobody knows, and a delta, are no proof in either direction`() throws {
        let scene = try TagScene()
        let delta = TestExtension("2.5.29.27", isCritical: true, value: [0x02, 1, 1])
        let unknown = TestExtension("1.3.6.1.4.1.99999.1", isCritical: true, value: [0x05, 0])
        for each in [delta, unknown] {
            let found = try outcome(
                of: RevocationOrder(issuer: scene.issuing, serials: [42]).with { $0.extensions = [each] }, for: scene)
            #expect(!found.isGood && found != .listed)
        }
        let harmless = TestExtension("1.3.6.1.4.1.99999.1", value: [0x05, 0])
        #expect(
            try outcome(
                of: RevocationOrder(issuer: scene.issuing, serials: []).with { $0.extensions = [harmless] }, for: scene
            ).isGood)
    }
}
