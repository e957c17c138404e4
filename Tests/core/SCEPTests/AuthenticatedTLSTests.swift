import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// An HTTPS fetch authorises an RA, unless the PKI that is being asked could have made the server's certificate.
@Suite struct AuthenticatedTLSTests {
    private let pki: PKI
    private let ra: TestIdentity
    private let web: TestIdentity
    private let webCA: TestIdentity

    init() throws {
        pki = try PKI()
        ra = try pki.registration { $0.extendedKeyUsage = "clientAuth" }
        webCA = try CertificateOrder.authority("CN=Web CA", key: .other).issue()
        web = try CertificateOrder("CN=pki.example", key: .renewed, issuer: webCA)
            .with { $0.extendedKeyUsage = "serverAuth" }.issue()
    }

    private func isAuthorised(
        _ chain: [TestIdentity], url: String = "https://pki.example/scep",
        _ change: (inout ServerPolicy) -> Void = { _ in }
    ) async throws -> Bool {
        let transport = ScriptedTransport(
            .answer(404),
            try .certificates([ra.certificate, pki.issuing.certificate], overTLS: chain.map(\.certificate)))
        let exchange = SCEPExchange(
            server: try ServerURL(url), transport: transport, cryptography: OpenSSL(), policy: pki.policy(change))
        let fault = await refusal { _ = try await exchange.discover(now: TestTime.now) }
        #expect(fault == nil || fault?.code == .raNotAuthorised)
        return fault == nil
    }

    @Test func `A server with a certificate of a CA that Signet did not install authenticates`() async throws {
        #expect(try await isAuthorised([web, webCA]))
        #expect(try await isAuthorised([web]) { $0.installedAnchors = [pki.root.certificate] })
    }

    @Test func `Plain HTTP does not, whatever certificates a transport reports`() async throws {
        #expect(try await !isAuthorised([], url: "http://pki.example/scep"))
        #expect(try await !isAuthorised([web, webCA], url: "http://pki.example/scep"))
        #expect(try await !isAuthorised([]))
    }

    @Test func `A chain to an anchor of Signet's own does not`() async throws {
        let own = try pki.device("CN=pki.example", key: .other) { $0.extendedKeyUsage = "serverAuth" }
        #expect(try await !isAuthorised([own, pki.issuing, pki.root]) { $0.installedAnchors = [pki.root.certificate] })
        #expect(try await !isAuthorised([own, pki.issuing]) { $0.installedAnchors = [pki.root.certificate] })
        #expect(try await !isAuthorised([own]) { $0.installedAnchors = [pki.issuing.certificate] })
        // Not even one that no path building would accept: it ended, or is signed with SHA-1.
        let odd = try pki.device("CN=pki.example", key: .other) {
            $0.notAfter = TestTime.now.addingTimeInterval(-1)
            $0.digest = "SHA1"
        }
        #expect(try await !isAuthorised([odd]) { $0.installedAnchors = [pki.issuing.certificate] })
    }

    @Test func `No chain does while it is not known which anchors are Signet's own`() async throws {
        #expect(try await !isAuthorised([web, webCA]) { $0.installedAnchors = nil })
        #expect(
            try await isAuthorised([web, webCA]) {
                $0.installedAnchors = nil
                $0.namesTLSAuthority = true
            })
    }

    @Test func `A borrowed name does not make a chain one's own`() async throws {
        let borrowed = try CertificateOrder.authority("CN=Web CA", key: .weak).issue()
        #expect(try await isAuthorised([web, webCA]) { $0.installedAnchors = [borrowed.certificate] })
    }

    @Test func `A CA that root named for TLS authenticates, its own or not`() async throws {
        let own = try pki.device("CN=pki.example", key: .other)
        #expect(
            try await isAuthorised([own, pki.issuing]) {
                $0.installedAnchors = [pki.root.certificate, pki.issuing.certificate]
                $0.namesTLSAuthority = true
            })
    }
}
