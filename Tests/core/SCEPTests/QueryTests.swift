import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// GetCert and GetCRL (RFC 8894 §3.3.4).
@Suite struct QueryTests {
    private let talk: Conversation
    private let mine: TestIdentity

    init() throws {
        talk = try Conversation()
        mine = try talk.pki.device()
    }

    /// Answers a message with the reply that `compose` changes, under its transaction and to its nonce.
    private struct Answering: Transport {
        let discovery: ScriptedTransport
        let reply: @Sendable (CMSSignedMessage) throws -> [UInt8]

        func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
            guard request.url.contains("PKIOperation") else { return try await discovery.exchange(request) }
            return HTTPResponse(status: 200, body: try reply(try CMSSignedMessage.admit(request.body)))
        }
    }

    private func ask(
        _ query: Query, as signer: TestIdentity? = nil,
        _ change: @escaping @Sendable (inout TestReply, CMSSignedMessage) throws -> Void
    ) async throws -> QueryVerdict {
        let template = try talk.success([])
        let recipient = mine.certificate
        let transport = Answering(
            discovery: ScriptedTransport(
                .text("POSTPKIOperation"),
                try .certificates([talk.registration, talk.pki.issuing].map(\.certificate)))
        ) { message in
            try template.with {
                $0.recipient = recipient
                $0.transaction = message.transactionID
                $0.nonce = message.senderNonce
                try change(&$0, message)
            }.encoded()
        }
        let exchange = SCEPExchange(
            server: try ServerURL("http://pki.example/"), transport: transport, cryptography: OpenSSL(),
            policy: talk.pki.policy())
        let authority = try await exchange.discover(now: TestTime.now)
        let signer = signer ?? mine
        return try await exchange.ask(
            query, of: authority, signer: MessageSigner(certificate: signer.certificate, key: signer.key.secret),
            now: TestTime.now
        ).0
    }

    private var certificate: Query {
        .certificate(issuer: mine.certificate.issuer, serialNumber: mine.certificate.serialNumber)
    }
    private var list: Query {
        .revocationList(issuer: mine.certificate.issuer, serialNumber: mine.certificate.serialNumber)
    }

    @Test func `a certificate is the one that was asked for, wherever it stands`() async throws {
        let others = try [talk.pki.issuing, talk.pki.device("CN=other", key: .other) { $0.serial = 101 }, mine]
        let found = try await ask(certificate) { reply, message in
            #expect(message.messageType == "21")
            reply.certificates = others.map(\.certificate)
        }
        #expect(found == .certificate(mine.certificate))
    }

    @Test func `another one, or one that nobody admitted issued, is none`() async throws {
        let other = try talk.pki.device("CN=other", key: .other) { $0.serial = 101 }
        let foreign = try CertificateOrder.authority("CN=Test Issuing CA", key: .other).issue()
        let forged = try CertificateOrder("CN=device", key: .device, issuer: foreign).with { $0.serial = 100 }.issue()
        for wrong in [other, forged] {
            #expect(
                await refusal {
                    _ = try await ask(certificate) { reply, _ in reply.certificates = [wrong.certificate] }
                }?
                .code == .keyMismatch)
        }
    }

    @Test func `a revocation list is the issuer's, and comes as it was signed`() async throws {
        let own = try RevocationOrder(issuer: talk.pki.issuing, serials: [5]).der()
        let foreign = try RevocationOrder(issuer: talk.pki.root, serials: []).der()
        let found = try await ask(list) { reply, message in
            #expect(message.messageType == "22")
            reply.plain = Self.degenerate([foreign, own])
        }
        #expect(found == .revocationList(own))
        let impostor = try CertificateOrder.authority("CN=Test Issuing CA", key: .other).issue()
        let forged = try RevocationOrder(issuer: impostor, serials: []).der()
        for lists in [[foreign], [forged], []] {
            #expect(
                await refusal { _ = try await ask(list) { reply, _ in reply.plain = Self.degenerate(lists) } }?.code
                    == .keyMismatch)
        }
    }

    @Test func `who could not read the answer does not ask`() async throws {
        let elliptic = try talk.pki.device("CN=device", key: .elliptic)
        let fault = await #expect(throws: SCEPFault.self) { try await ask(certificate, as: elliptic) { _, _ in } }
        #expect(fault?.code == .unsupportedRecipientKey)
    }

    @Test func `a refusal is told, and nothing that a reply must be is let off`() async throws {
        let refused = try await ask(certificate) { reply, _ in reply = reply.with(status: "2", failInfo: "4") }
        #expect(refused == .refused(.badCertId, text: nil))
        #expect(
            await refusal { _ = try await ask(certificate) { reply, _ in reply.nonce = [1] } }?.code == .nonceMismatch)
        #expect(
            await refusal { _ = try await ask(certificate) { reply, _ in reply.transaction = "A" } }?.code
                == .transactionMismatch)
        let insider = try talk.pki.device("CN=evil", key: .other)
        #expect(
            await refusal { _ = try await ask(certificate) { reply, _ in reply.signer = insider } }?.code
                == .untrustedSigner)
    }

    /// Revocation lists in a SignedData without signer, content and certificates.
    private static func degenerate(_ lists: [[UInt8]]) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.objectIdentifier(.cmsSignedData),
            DERWriter.element(
                .context(0),
                DERWriter.sequence(
                    DERWriter.integer(1), DERWriter.setOf([]), DERWriter.sequence(DERWriter.objectIdentifier(.cmsData)),
                    DERWriter.element(.context(1), lists.flatMap { $0 }), DERWriter.setOf([]))))
    }
}
