import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// GetNextCACert (RFC 8894 §4.7).
@Suite struct NextAuthorityTests {
    private let pki: PKI
    private let next: TestIdentity

    init() throws {
        pki = try PKI()
        next = try CertificateOrder.authority("CN=Next Issuing CA", key: .other, issuer: pki.root)
            .with { $0.serial = 77 }.issue()
    }

    private func ask(
        _ answer: ScriptedTransport.Answer, capabilities: String = "GetNextCACert",
        security: ServerPolicy.Security = .compatible
    ) async throws -> [Certificate]? {
        let transport = ScriptedTransport(
            .text(capabilities), try .certificates([pki.issuing, try pki.registration()].map(\.certificate)), answer)
        let exchange = SCEPExchange(
            server: try ServerURL("http://pki.example/scep"), transport: transport, cryptography: OpenSSL(),
            policy: pki.policy { $0.security = security })
        let authority = try await exchange.discover(now: TestTime.now)
        let found = try await exchange.nextCertificates(of: authority, now: TestTime.now)
        #expect(transport.requests.dropFirst(2).allSatisfy { $0.method == .get && $0.url.hasSuffix("GetNextCACert") })
        return found
    }

    private func signed(
        _ certificates: [TestIdentity], by signer: TestIdentity, _ change: (inout TestMessage) -> Void = { _ in }
    ) throws -> ScriptedTransport.Answer {
        .answer(
            200,
            try TestMessage(TestMessage.degenerate(certificates.map(\.certificate)), signer: signer).with {
                change(&$0)
            }.encoded())
    }

    @Test func `what the present CA signs are its next certificates`() async throws {
        #expect(try await ask(signed([next], by: pki.issuing)) == [next.certificate])
        let streamed = try signed([next], by: pki.issuing) { $0.isStreamed = true }
        #expect(try await ask(streamed) == [next.certificate])
    }

    @Test func `a server that does not list it is not asked, and one that has none says so`() async throws {
        #expect(try await ask(.fault(.notConnected), capabilities: "AES") == nil)
        #expect(try await ask(.answer(404)) == nil)
    }

    @Test func `nobody else's word counts, and what was not signed is not there (N-20, N-21, N-22)`() async throws {
        let bare = ScriptedTransport.Answer.answer(200, try TestMessage.degenerate([next.certificate]))
        #expect(await refusal { _ = try await ask(bare) }?.code == .malformedReply)
        for signer in [next, try pki.device("CN=evil", key: .other), try pki.registration()] {
            #expect(await refusal { _ = try await ask(signed([next], by: signer)) }?.code == .untrustedSigner)
        }
        let outer = try signed([next], by: pki.issuing) { $0.certificates = [self.pki.root.certificate] }
        #expect(try await ask(outer) == [next.certificate])
        let onlyOuter = ScriptedTransport.Answer.answer(
            200,
            try TestMessage(nil, signer: pki.issuing).with { $0.certificates = [next.certificate] }.encoded())
        #expect(await refusal { _ = try await ask(onlyOuter) }?.code == .malformedReply)
    }

    @Test func `a next CA is a CA, another one, and has not ended (N-23)`() async throws {
        let leaf = try pki.device("CN=leaf", key: .other)
        #expect(await refusal { _ = try await ask(signed([leaf], by: pki.issuing)) }?.code == .unfitCertificate)
        #expect(try await ask(signed([pki.issuing], by: pki.issuing)) == [])
        let ended = try CertificateOrder.authority("CN=Ended CA", key: .other, issuer: pki.root).with {
            $0.serial = 78
            $0.notBefore = TestTime.now - 86_400 * 2
            $0.notAfter = TestTime.now - 86_400
        }.issue()
        #expect(await refusal { _ = try await ask(signed([ended], by: pki.issuing)) }?.code == .authorityExpired)
        let later = try CertificateOrder.authority("CN=Later CA", key: .other, issuer: pki.root).with {
            $0.serial = 79
            $0.notBefore = TestTime.now + 86_400
            $0.notAfter = TestTime.now + 86_400 * 2
        }.issue()
        #expect(try await ask(signed([later], by: pki.issuing)) == [later.certificate])
    }

    @Test func `SHA-1 and MD5 are taken as replies take them`() async throws {
        let sha1 = try signed([next], by: pki.issuing) { $0.digest = "SHA1" }
        #expect(try await ask(sha1) == [next.certificate])
        #expect(await refusal { _ = try await ask(sha1, security: .rfc8894) }?.code == .weakAlgorithm)
        let md5 = try signed([next], by: pki.issuing) { $0.digest = "MD5" }
        #expect(await refusal { _ = try await ask(md5) }?.code == .malformedReply)
    }

    @Test func `a CA is asked for its successor in the last fifth of its life`() async throws {
        let authority = try await pki.discover([pki.issuing])
        let begin = pki.issuing.certificate.notBefore
        let life = pki.issuing.certificate.notAfter.timeIntervalSince(begin)
        #expect(!authority.isEnding(now: begin + life * 0.79))
        #expect(authority.isEnding(now: begin + life * 0.81))
    }
}
