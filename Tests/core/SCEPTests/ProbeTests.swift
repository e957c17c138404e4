import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// Looking at a server before anything of it is believed. Verdicts on replies are shown with a real server.
@Suite struct ProbeTests {
    private let pki: PKI

    init() throws { pki = try PKI() }

    private func probe(
        _ transport: ScriptedTransport, url: String = "http://pki.example/scep"
    ) async throws -> ProbeFindings {
        let subject = try DistinguishedName(rfc4514: "CN=signet-probe")
        return try await SCEPExchange(
            server: try ServerURL(url), transport: transport, cryptography: OpenSSL(),
            policy: ServerPolicy(caFingerprints: [], allowUnpinnedCA: true, installedAnchors: nil)
        ).probe(
            signer: try RequestComposer.transactionSigner(
                subject: subject, key: TestKey.device.secret, now: TestTime.now, cryptography: OpenSSL()),
            subject: subject, now: TestTime.now)
    }

    private func profile(_ findings: ProbeFindings) -> [String] {
        findings.profile { Hexadecimal.string(OpenSSL().sha256($0.der)).lowercased() }
            .split(separator: "\n").map(String.init)
    }

    @Test func `each certificate has its part, and the one that issues is to be pinned`() async throws {
        let ra = try pki.registration()
        let transport = ScriptedTransport(
            .text("AES\nPOSTPKIOperation\nRenewal\nSHA-256"),
            try .certificates([pki.root, ra, pki.issuing].map(\.certificate)), .answer(500))
        let findings = try await probe(transport)
        // A bundle is a SET: its DER has an order of its own.
        let parts = Dictionary(uniqueKeysWithValues: findings.certificates.map { ($0.certificate, $0) })
        #expect(
            parts.mapValues(\.role) == [
                pki.root.certificate: .root, ra.certificate: .registration, pki.issuing.certificate: .authority,
            ])
        #expect(findings.certificates.filter(\.takesRequests).map(\.certificate) == [ra.certificate])
        #expect(findings.certificates.filter(\.isToBePinned).map(\.certificate) == [pki.issuing.certificate])
        #expect(findings.quirks.map(\.quirk) == [.plainHTTP, .noCertPoll])
        #expect(findings.capabilities == ["aes", "postpkioperation", "renewal", "sha-256"])
        #expect(
            profile(findings).prefix(4) == [
                "[scep]", "url = \"http://pki.example/scep\"", "# CN=Test Issuing CA",
                "ca-fingerprint = [\"\(pki.issuing.fingerprintText)\"]",
            ])
        #expect(transport.requests.last?.method == .post)
    }

    @Test func `an RA that nothing authorises is named, for a person to decide`() async throws {
        let ra = try pki.device("CN=somebody")
        let findings = try await probe(
            ScriptedTransport(.answer(404), try .certificates([ra, pki.issuing].map(\.certificate)), .answer(500)))
        #expect(findings.quirks.map(\.quirk) == [.plainHTTP, .noCapabilities, .raNotAuthorised, .noCertPoll])
        #expect(profile(findings).contains("ra-fingerprint = [\"\(ra.fingerprintText)\"]"))
        #expect(findings.quirks.allSatisfy { !$0.quirk.isFatal })
    }

    @Test func `an RA that is not authorised, and could not be used if it were, is told as both`() async throws {
        let ra = try pki.device("CN=somebody") { $0.notAfter = TestTime.now - 86_400 }
        let findings = try await probe(
            ScriptedTransport(.answer(404), try .certificates([ra, pki.issuing].map(\.certificate))))
        #expect(findings.quirks.map(\.quirk).contains(.raNotAuthorised))
        #expect(findings.quirks.contains { $0.quirk.isFatal })
    }

    @Test func `what cannot be used is said, and nobody is asked for more`() async throws {
        let transport = ScriptedTransport(.answer(404), try .certificates([pki.device().certificate]))
        let findings = try await probe(transport)
        #expect(findings.quirks.map(\.quirk) == [.plainHTTP, .noCapabilities, .unusableAuthority])
        #expect(transport.requests.count == 2)
        #expect(!profile(findings).contains { $0.hasPrefix("ca-fingerprint") })
    }

    @Test func `a server that is not there, or is none, is no finding`() async throws {
        await #expect(throws: ExchangeFailure.self) { try await probe(ScriptedTransport(.fault(.notConnected))) }
        await #expect(throws: ExchangeFailure.self) {
            try await probe(ScriptedTransport(.answer(404), .text("<html>", type: "text/html")))
        }
    }

    @Test(arguments: [
        ("http://pki/certsrv/mscep/mscep.dll", "server = \"ndes\""),
        ("http://pki/ejbca/publicweb/apply/scep/a/pkiclient.exe", "server = \"ejbca\""),
        ("http://pki/a?q=\"x\\y\"", "url = \"http://pki/a?q=\\\"x\\\\y\\\"\""),
    ])
    func `the profile names a product that gives itself away, and quotes what it quotes`(
        url: String, line: String
    ) async throws {
        let findings = try await probe(
            ScriptedTransport(.answer(404), try .certificates([pki.issuing.certificate]), .answer(500)), url: url)
        #expect(profile(findings).contains(line))
    }

    @Test func `POST that is listed and not taken is seen, as are old algorithms and another clock`() async throws {
        let transport = ScriptedTransport(
            .text("POSTPKIOperation\nDES3"), try .certificates([pki.issuing.certificate]).at(TestTime.now + 7200),
            .answer(405), .answer(404))
        #expect(
            try await probe(transport).quirks.map(\.quirk) == [
                .plainHTTP, .oldAlgorithms, .noRenewal, .clockDiffers, .postRefused, .messageRefused,
            ])
    }

    @Test(arguments: [
        (ScriptedTransport.Answer.text("<html>", type: "text/html"), true), (.answer(503), true), (.answer(404), true),
        (.answer(500), false), (.answer(400), false),
    ])
    func `where no message gets through no certificate can be had`(
        answer: ScriptedTransport.Answer, isFatal: Bool
    ) async throws {
        let findings = try await probe(
            ScriptedTransport(
                .text("AES\nPOSTPKIOperation\nRenewal\nSHA-256"), try .certificates([pki.issuing.certificate]), answer))
        #expect(findings.quirks.map(\.quirk) == [.plainHTTP, isFatal ? .messageRefused : .noCertPoll])
        #expect(findings.quirks.contains { $0.quirk.isFatal } == isFatal)
    }

    @Test func `POST that is not listed, and is all that is taken, is seen`() async throws {
        let transport = ScriptedTransport(
            .answer(404), try .certificates([pki.issuing.certificate]), .answer(405), .answer(500))
        #expect(
            try await probe(transport).quirks.map(\.quirk) == [.plainHTTP, .noCapabilities, .getRefused, .noCertPoll])
    }

    @Test func `a CA that can only be asked under the challenge has that said in the profile`() async throws {
        let authority = try CertificateOrder.authority("CN=Curve", key: .elliptic).issue()
        let findings = try await probe(
            ScriptedTransport(.text("SCEPStandard"), try .certificates([authority.certificate])))
        #expect(profile(findings).contains { $0.hasPrefix("# At least 16 characters") })
        #expect(!findings.quirks.contains { $0.quirk.isFatal })
    }

    @Test(arguments: Quirk.allCases)
    func `every quirk says what it means and what to do`(quirk: Quirk) {
        #expect(!quirk.meaning.isEmpty && !quirk.meaning.hasSuffix("."))
        #expect(!quirk.remedy.isEmpty && !quirk.remedy.hasSuffix("."))
    }
}
