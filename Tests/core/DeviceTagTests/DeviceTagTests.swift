import DeviceTag
import FoundationEssentials
import TestPKI
import Testing
import X509

@Suite struct DeviceTagTests {
    @Test func `a device in order carries the tag until its certificate ends`() throws {
        let verdict = try TagScene().verdict()
        #expect(verdict.value == .valid)
        #expect(verdict.validUntil == TestTime.end)
        #expect(verdict.checks.map(\.id) == TagCheck.ID.allCases)
        #expect(verdict.ids(.fail) == [] && verdict.ids(.warn) == [])
        #expect(verdict.ids(.skip) == [.revocationURL, .revocationList, .subject])
    }

    @Test func `without a certificate there is none, or one is pending`() {
        let rules = TagRules(requireRevocationCheck: true)
        let absent = DeviceTag.judge(TagEvidence(certificate: nil), rules: rules, now: TestTime.now)
        #expect(absent.value == .none && absent.validUntil == nil)
        #expect(absent.ids(.fail) == [.certificatePresent])
        #expect(absent.ids(.skip).count == TagCheck.ID.allCases.count - 1)
        let requested = TagEvidence(certificate: nil, isRequested: true)
        #expect(DeviceTag.judge(requested, rules: rules, now: TestTime.now).value == .pending)
    }

    /// One thing wrong at a time: the value it makes, and the one hard check that fails.
    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var value: TagValue
        var check: TagCheck.ID
        var scene: @Sendable () throws -> TagScene

        init(
            _ description: String, _ value: TagValue, _ check: TagCheck.ID,
            _ scene: @escaping @Sendable () throws -> TagScene
        ) {
            testDescription = description
            self.value = value
            self.check = check
            self.scene = scene
        }

        /// The same with a change after the certificates are made.
        init(
            _ description: String, _ value: TagValue, _ check: TagCheck.ID,
            changing change: @escaping @Sendable (inout TagScene) throws -> Void
        ) {
            self.init(description, value, check) {
                var scene = try TagScene()
                try change(&scene)
                return scene
            }
        }
    }

    static let faults = [
        Fault("no key", .unusableKey, .keyPresent, changing: { $0.key = nil }),
        Fault("a key that is none", .unusableKey, .keyPresent, changing: { $0.key = Array("no key".utf8) }),
        Fault("another's key", .unusableKey, .keyMatch, changing: { $0.key = TestKey.other.pem }),
        Fault("before its time", .notYetValid, .timeValid, changing: { $0.now = TestTime.begin - 1 }),
        Fault("at its end", .expired, .timeValid, changing: { $0.now = TestTime.end }),
        Fault("no CAs", .untrustedIssuer, .chainAnchor, changing: { $0.identificationCAs = [] }),
        Fault("no intermediate", .untrustedIssuer, .chainAnchor, changing: { $0.chain = [] }),
        Fault(
            "another root of the same name", .untrustedIssuer, .chainAnchor,
            changing: { $0.identificationCAs = [try CertificateOrder.authority(key: .other).issue().certificate] }),
        Fault(
            "itself for a CA", .untrustedIssuer, .chainAnchor,
            changing: { $0.identificationCAs = [$0.device.certificate] }),
        Fault("not published", .notVisible, .published, changing: { $0.publication = .absent }),
        Fault(
            "an earlier one published, which ended", .notVisible, .published,
            changing: { $0.publication = .earlier(notAfter: $0.now) }),
        Fault("for servers", .unfitCertificate, .extendedKeyUsage) {
            try TagScene(leaf: { $0.extendedKeyUsage = "serverAuth" })
        },
        Fault("not for signatures", .unfitCertificate, .keyUsage) {
            try TagScene(leaf: { $0.keyUsage = "keyEncipherment" })
        },
        Fault("a CA", .unfitCertificate, .notAuthority) { try TagScene(leaf: { $0.isAuthority = true }) },
        Fault("a short key", .unfitCertificate, .strength) {
            var scene = try TagScene(leaf: { $0.key = .weak })
            scene.key = TestKey.weak.pem
            return scene
        },
        Fault("an old digest", .unfitCertificate, .strength) { try TagScene(leaf: { $0.digest = "SHA1" }) },
        Fault("an intermediate with a short key", .unfitCertificate, .strength) {
            try TagScene(authority: { $0.key = .weak })
        },
        Fault("an intermediate with an old digest", .unfitCertificate, .strength) {
            try TagScene(authority: { $0.digest = "SHA1" })
        },
        Fault("no list named", .revocationUnknown, .revocationURL) {
            var scene = try TagScene.withLists(leaf: { $0.revocationListURLs = ["ldap://ldap.example/cn=crl"] })
            scene.rules.revocationListURLs = ["ldap://other.example/cn=crl"]
            return scene
        },
    ]

    @Test(arguments: faults) func `one thing wrong takes the tag away and says so`(fault: Fault) throws {
        let verdict = try fault.scene().verdict()
        #expect(verdict.value == fault.value)
        #expect(verdict.validUntil == nil)
        let failed = verdict.checks.first { $0.hard && $0.result == .fail }
        #expect(failed?.id == fault.check)
        #expect(failed?.text.hasSuffix(".") == true)
        #expect(failed?.remedy?.isEmpty == false)
    }

    @Test func `the earliest check names the tag`() throws {
        var scene = try TagScene(leaf: { $0.extendedKeyUsage = "serverAuth" })
        #expect(scene.verdict().value == .unfitCertificate)
        scene.identificationCAs = []
        #expect(scene.verdict().value == .untrustedIssuer)
        scene.now = TestTime.end + 1
        #expect(scene.verdict().value == .expired)
        scene.key = nil
        #expect(scene.verdict().value == .unusableKey)
        #expect(scene.verdict().ids(.fail).count >= 4)
    }

    @Test func `the certificate before this one lets the device in as long as it lasts`() throws {
        var scene = try TagScene()
        scene.publication = .earlier(notAfter: scene.now + 3600)
        let verdict = scene.verdict()
        #expect(verdict.value == .valid)
        #expect(verdict.validUntil == scene.now + 3600)
        #expect(verdict.ids(.warn) == [.published])
        #expect(verdict[.published]?.remedy?.isEmpty == false)
    }

    @Test func `a key that makes no signature is unusable`() throws {
        let scene = try TagScene()
        var evidence = scene.evidence()
        #expect(evidence.key == .proven)
        evidence.key = .signsNot("the token is locked")
        let verdict = DeviceTag.judge(evidence, rules: scene.rules, now: scene.now)
        #expect(verdict.value == .unusableKey)
        #expect(verdict.ids(.fail) == [.keySign])
        #expect(verdict[.keySign]?.text.contains("the token is locked") == true)
    }

    @Test func `an expired certificate keeps its path`() throws {
        var scene = try TagScene()
        scene.now = TestTime.end + 1000
        #expect(scene.verdict()[.chainAnchor]?.result == .pass)
        scene.now = TestTime.begin - 1000
        #expect(scene.verdict()[.chainAnchor]?.result == .pass)
    }

    @Test func `elliptic curves pass with a warning`() throws {
        var elliptic = try TagScene(leaf: { order in
            order.key = .elliptic
            order.keyUsage = "digitalSignature"
        })
        elliptic.key = TestKey.elliptic.pem
        #expect(elliptic.verdict()[.strength]?.result == .warn)
        #expect(elliptic.verdict().value == .valid)
    }

    @Test(arguments: [nil, "anyExtendedKeyUsage"]) func `an unspecific purpose is a warning`(purpose: String?) throws {
        let verdict = try TagScene(leaf: { $0.extendedKeyUsage = purpose }).verdict()
        #expect(verdict.value == .valid)
        #expect(verdict.ids(.warn) == [.extendedKeyUsage])
    }

    @Test func `a certificate without key usage may sign`() throws {
        #expect(try TagScene(leaf: { $0.keyUsage = nil }).verdict().ids(.warn) == [])
    }

    @Test func `an intermediate suffices as identification CA, and is missed in the chain`() throws {
        var scene = try TagScene()
        scene.identificationCAs = [scene.issuing.certificate]
        #expect(scene.verdict().value == .valid)
        #expect(scene.verdict()[.chainComplete]?.result == .pass)
        scene.chain = []
        #expect(scene.verdict().value == .valid)
        #expect(scene.verdict().ids(.warn) == [.chainComplete])
    }

    @Test func `with less than a twentieth to go the tag is expiring`() throws {
        var scene = try TagScene()
        let lifetime = TestTime.end.timeIntervalSince(TestTime.begin)
        scene.now = TestTime.end - lifetime / 20
        #expect(scene.verdict().value == .valid)
        scene.now = TestTime.end - lifetime / 20 + 1
        let verdict = scene.verdict()
        #expect(verdict.value == .expiring)
        #expect(verdict.validUntil == TestTime.end)
        #expect(verdict.ids(.warn) == [.expirySoon])
    }

    @Test func `another subject or a missing name is a warning, case is not`() throws {
        var scene = try TagScene(leaf: { $0.alternativeNames = "DNS:Host-1.example,URI:urn:device:1" })
        scene.rules.subject = .name(try DistinguishedName(rfc4514: "CN=HOST-1,O=Signet Tests"))
        scene.rules.alternativeNames = [.dns("host-1.EXAMPLE"), .uri("urn:device:1")]
        #expect(scene.verdict()[.subject]?.result == .pass)
        scene.rules.alternativeNames = [.uri("urn:device:2")]
        #expect(scene.verdict()[.subject]?.result == .warn)
        scene.rules.alternativeNames = []
        scene.rules.subject = .name(try DistinguishedName(rfc4514: "CN=host-2,O=Signet Tests"))
        #expect(scene.verdict()[.subject]?.result == .warn)
        #expect(scene.verdict().value == .valid)
    }
}
