import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestPKI
import Testing
import X509

/// What leaves the machine.
@Suite struct RequestTests {
    private let talk: Conversation
    private let openSSL = OpenSSL()
    private let challenge = "correct horse"

    init() throws { talk = try Conversation() }

    private func composer(_ capabilities: String = "SCEPStandard", legacy: Bool = false) async throws -> RequestComposer
    {
        let transport = ScriptedTransport(
            .text(capabilities), try .certificates([talk.registration.certificate, talk.pki.issuing.certificate]))
        let authority = try await SCEPExchange(
            server: try ServerURL("http://pki.example/"), transport: transport, cryptography: openSSL,
            policy: talk.pki.policy()
        ).discover(now: TestTime.now)
        return RequestComposer(
            cryptography: openSSL, authority: authority, policy: talk.pki.policy { $0.legacyRequest = legacy })
    }

    private func enrollment(
        _ composer: RequestComposer, _ type: MessageType = .pkcsReq, challenge: Secret? = nil,
        signer: MessageSigner? = nil
    ) throws -> PKIMessage {
        try composer.enrollment(
            type, transaction: talk.transaction,
            content: RequestContent(subject: talk.subject.der, alternativeNames: [.dns("device.example")]),
            key: TestKey.device.secret, challenge: challenge, signer: signer ?? talk.signer)
    }

    /// What the RA finds inside.
    private func opened(_ message: PKIMessage) throws -> [UInt8] {
        let content = try #require(try CMSSignedMessage.admit(message.der).content)
        return try openSSL.openEnvelope(
            content, recipient: talk.registration.certificate, key: TestKey.registration.secret, legacyCiphers: false)
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let needle = Array(text.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: needle) }
    }

    @Test func `A request is AES-128 and SHA-256, encrypted to the RA, signed by its own certificate alone`()
        async throws
    {
        let message = try enrollment(try await composer(), challenge: Secret(challenge))
        let outer = try CMSSignedMessage.admit(message.der)
        #expect(outer.digest == .sha256)
        #expect(outer.messageType == "19")
        #expect(outer.transactionID == talk.transaction.description)
        #expect(outer.senderNonce == message.senderNonce)
        #expect(message.senderNonce.count == 16)
        #expect(outer.pkiStatus == nil && outer.recipientNonce == nil)
        #expect(outer.certificates == [talk.signer.certificate.der])
        #expect(
            try openSSL.verifySignedData(message.der, signers: [talk.signer.certificate]) == talk.signer.certificate)
        let envelope = try CMSEnvelope.admit(try #require(outer.content))
        #expect(envelope.cipher == .aes128CBC)
        #expect(envelope.recipients.count == 1)
        #expect(envelope.isFor(talk.registration.certificate))
    }

    @Test(arguments: ["", "DES3\nSHA-1", "DES\nMD5", "SHA-512\nAES"])
    func `What a server advertises lowers nothing (N-02)`(capabilities: String) async throws {
        let message = try enrollment(try await composer(capabilities))
        let outer = try CMSSignedMessage.admit(message.der)
        #expect(outer.digest == .sha256)
        #expect(try CMSEnvelope.admit(try #require(outer.content)).cipher == .aes128CBC)
    }

    @Test func `legacy-request falls to 3DES and SHA-1, and only where the server offers no better`() async throws {
        let message = try enrollment(try await composer("DES3\nSHA-1", legacy: true))
        let old = try CMSSignedMessage.admit(message.der)
        #expect(old.digest == .sha1)
        // Who knows nothing else can read the request inside, too.
        #expect(try opened(message).contains(DERWriter.objectIdentifier(.sha1WithRSA)))
        #expect(try !opened(enrollment(try await composer())).contains(DERWriter.objectIdentifier(.sha1WithRSA)))
        #expect(try CMSEnvelope.admit(try #require(old.content)).cipher == .tripleDESCBC)
        let new = try CMSSignedMessage.admit(try enrollment(try await composer("AES\nSHA-256", legacy: true)).der)
        #expect(new.digest == .sha256)
        #expect(try CMSEnvelope.admit(try #require(new.content)).cipher == .aes128CBC)
    }

    @Test func `The challenge stands inside the envelope and nowhere else`() async throws {
        let message = try enrollment(try await composer(), challenge: Secret(challenge))
        #expect(!contains(message.der, challenge))
        let inner = try opened(message)
        #expect(contains(inner, challenge))
        let request = try CertificateRequest(der: inner)
        #expect(request.subject == talk.subject)
        #expect(request.publicKeyInfo == talk.signer.certificate.publicKeyInfo)
        #expect(contains(inner, "device.example"))
    }

    /// The composer for a CA that has an EC key and no RA.
    private func composerForCurve() async throws -> (RequestComposer, Authority) {
        let curve = try CertificateOrder.authority("CN=Curve", key: .elliptic).issue()
        let policy = ServerPolicy(caFingerprints: [curve.fingerprint])
        let authority = try await SCEPExchange(
            server: try ServerURL("http://pki.example/"),
            transport: ScriptedTransport(.text("SCEPStandard"), .certificates([curve.certificate])),
            cryptography: openSSL, policy: policy
        ).discover(now: TestTime.now)
        return (RequestComposer(cryptography: openSSL, authority: authority, policy: policy), authority)
    }

    @Test func `For a CA whose key signs only, messages come under the challenge (N-18)`() async throws {
        let (composer, authority) = try await composerForCurve()
        let password = Secret("correct horse battery")
        let messages = [
            try composer.enrollment(
                .pkcsReq, transaction: talk.transaction,
                content: RequestContent(subject: talk.subject.der, alternativeNames: []), key: TestKey.device.secret,
                challenge: password, signer: talk.signer, password: password),
            try composer.poll(
                transaction: talk.transaction, subject: talk.subject, signer: talk.signer, password: password),
        ]
        let opened = try messages.map { message in
            let content = try #require(try CMSSignedMessage.admit(message.der).content)
            #expect(throws: CMSFault.self) { try CMSEnvelope.admit(content) }
            return try openSSL.openEnvelope(content, password: password, legacyCiphers: false)
        }
        #expect(try CertificateRequest(der: opened[0]).subject == talk.subject)
        #expect(opened[1] == DERWriter.sequence(authority.issuer.subject.der, talk.subject.der))
    }

    @Test(arguments: [nil, "", "fifteen letters", "ünfzehn Zeichen"] as [String?])
    func `A challenge that can be guessed encrypts nothing`(challenge: String?) async throws {
        let (composer, _) = try await composerForCurve()
        let fault = #expect(throws: SCEPFault.self) {
            try composer.poll(
                transaction: talk.transaction, subject: talk.subject, signer: talk.signer,
                password: challenge.map { Secret($0) })
        }
        #expect(fault?.code == .unsupportedRecipientKey)
        #expect(fault?.expected == "a challenge of 16 characters or more")
        #expect(challenge.map { $0.isEmpty || fault?.description.contains($0) == false } ?? true)
    }

    @Test func `A renewal carries none, and is signed by the identity that is renewed (N-91)`() async throws {
        let current = try talk.pki.device(key: .renewed)
        let signer = MessageSigner(certificate: current.certificate, key: TestKey.renewed.secret)
        let message = try enrollment(try await composer(), .renewalReq, signer: signer)
        let outer = try CMSSignedMessage.admit(message.der)
        #expect(outer.messageType == "17")
        #expect(outer.certificates == [current.certificate.der])
        #expect(try openSSL.verifySignedData(message.der, signers: [current.certificate]) == current.certificate)
        #expect(try CertificateRequest(der: try opened(message)).publicKeyInfo != current.certificate.publicKeyInfo)
    }

    @Test func `Each message has a nonce of its own (N-80)`() async throws {
        let composer = try await composer()
        let nonces = try (0..<5).map { _ in
            try composer.poll(transaction: talk.transaction, subject: talk.subject, signer: talk.signer).senderNonce
        }
        #expect(Set(nonces).count == 5)
    }

    @Test func `A CertPoll names the CA that issues, not the RA, and the subject`() async throws {
        let message = try await composer().poll(
            transaction: talk.transaction, subject: talk.subject, signer: talk.signer)
        let outer = try CMSSignedMessage.admit(message.der)
        #expect(outer.messageType == "20")
        #expect(outer.transactionID == talk.transaction.description)
        #expect(
            try opened(message)
                == DERWriter.sequence(talk.pki.issuing.certificate.subject.der, talk.subject.der))
    }

    @Test func `The transaction's own certificate spans clocks that differ and the longest wait`() throws {
        let certificate = talk.signer.certificate
        #expect(certificate.isSelfIssued && !certificate.isAuthority)
        #expect(certificate.subject == talk.subject)
        #expect(certificate.keyUsage == [.digitalSignature, .keyEncipherment])
        #expect(certificate.isValid(at: TestTime.now.addingTimeInterval(-3600)))
        #expect(certificate.isValid(at: TestTime.now.addingTimeInterval(7 * 86_400)))
    }

    @Test func `A transaction id is 32 random hexadecimal digits, or a PrintableString that somebody chose`() {
        let id = TransactionID(random: (0..<16).map { UInt8($0 * 16) })
        #expect(id.description == "00102030405060708090A0B0C0D0E0F0")
        #expect(TransactionID(id.description) == id)
        #expect(TransactionID("device 7/a:b")?.description == "device 7/a:b")
        #expect(TransactionID(String(repeating: "G", count: 64)) != nil)
        for text in ["", String(repeating: "G", count: 65), "a_b", "a@b", "a\nb", "ä"] {
            #expect(TransactionID(text) == nil)
        }
    }
}
