import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestPKI
import X509

/// One request of a device and the replies to it, right and wrong.
struct Conversation {
    let pki: PKI
    let registration: TestIdentity
    let signer: MessageSigner
    let transaction = TransactionID(random: [UInt8](repeating: 0xAB, count: 16))
    let nonce = [UInt8](repeating: 0xCD, count: 16)
    let subject: DistinguishedName
    var accepted: AcceptedSubject?
    var current: Certificate?
    /// In place of what the server offers.
    var asked: Authority?
    /// What replies may be encrypted under.
    var password: Secret?
    var security = ServerPolicy.Security.compatible
    var authoritySigners: [Certificate]
    var issuers: [Certificate]

    init() throws {
        pki = try PKI()
        registration = try pki.registration()
        subject = try DistinguishedName(rfc4514: "CN=device")
        signer = try RequestComposer.transactionSigner(
            subject: subject, key: TestKey.device.secret, now: TestTime.now, cryptography: OpenSSL())
        authoritySigners = [pki.issuing.certificate, registration.certificate]
        issuers = [pki.issuing.certificate]
    }

    /// A SUCCESS with the device's certificate, as the RA sends it.
    func success(_ certificates: [TestIdentity]? = nil) throws -> TestReply {
        let issued = try certificates ?? [pki.device(), pki.issuing]
        return TestReply(self, certificates: issued.map(\.certificate))
    }

    /// Verifies a reply as the agent does.
    func verify(_ body: [UInt8], now: Date = TestTime.now) async throws -> (Verdict, [Weakness]) {
        let authority = if let asked { asked } else { try await authority() }
        let policy = pki.policy { $0.security = security }
        let message = PKIMessage(der: [], type: .pkcsReq, transaction: transaction, senderNonce: nonce)
        return try ReplyVerification(cryptography: OpenSSL(), authority: authority, policy: policy, now: now).verify(
            body,
            Expectation(
                message: message, signer: signer, publicKeyInfo: signer.certificate.publicKeyInfo, subject: subject,
                accepted: accepted, current: current, password: password))
    }

    func verdict(_ reply: TestReply) async throws -> Verdict { try await verify(try reply.encoded()).0 }

    func issued(_ reply: TestReply) async throws -> IssuedCertificate? {
        guard case .issued(let issued) = try await verdict(reply) else { return nil }
        return issued
    }

    /// The code with which a reply is refused; nil where it is taken.
    func refusal(_ reply: TestReply, now: Date = TestTime.now) async throws -> SCEPFaultCode? {
        let body = try reply.encoded()
        do {
            _ = try await verify(body, now: now)
            return nil
        } catch let fault as SCEPFault {
            return fault.code
        }
    }

    private func authority() async throws -> Authority {
        let offered = [registration.certificate, pki.issuing.certificate, pki.root.certificate]
        let transport = ScriptedTransport(.answer(404), try .certificates(offered))
        return try await SCEPExchange(
            server: try ServerURL("http://pki.example/"), transport: transport, cryptography: OpenSSL(),
            policy: pki.policy()
        ).discover(now: TestTime.now)
    }
}

/// A CertRep, built part by part.
struct TestReply {
    var messageType: String? = "3"
    var status: String? = "0"
    var failInfo: String?
    var text: String?
    var transaction: String?
    var nonce: [UInt8]?
    /// The envelope is for who knows it, in place of the recipient.
    var password: String?
    /// In place of an envelope.
    var content: [UInt8]??
    /// In place of certificates, in the envelope.
    var plain: [UInt8]?
    var certificates: [Certificate]
    var recipient: Certificate
    var cipher = "AES-128-CBC"
    var signer: TestIdentity
    var digest = "SHA256"
    var embedsSigner = true
    var isStreamed = false
    var hasAttributes = true

    init(_ conversation: Conversation, certificates: [Certificate]) {
        transaction = conversation.transaction.description
        nonce = conversation.nonce
        self.certificates = certificates
        recipient = conversation.signer.certificate
        signer = conversation.registration
    }

    func with(_ change: (inout TestReply) throws -> Void) rethrows -> TestReply {
        var copy = self
        try change(&copy)
        return copy
    }

    /// The same reply with another status and no content.
    func with(status: String, failInfo: String? = nil) -> TestReply {
        with {
            $0.status = status
            $0.failInfo = failInfo
            $0.content = .some(nil)
        }
    }

    func encoded() throws -> [UInt8] {
        let arc = "2.16.840.1.113733.1.9."
        var attributes: [TestAttribute] = []
        for (number, value) in [("2", messageType), ("3", status), ("4", failInfo), ("7", transaction)] {
            if let value { attributes.append(.printable(arc + number, value)) }
        }
        if let nonce { attributes.append(.octets(arc + "6", nonce)) }
        if let text { attributes.append(TestAttribute("1.3.6.1.5.5.7.24.1", type: 12, value: Array(text.utf8))) }
        let body =
            try content
            ?? TestEnvelope(try plain ?? TestMessage.degenerate(certificates), for: recipient).with {
                $0.cipher = cipher
                guard let password else { return }
                ($0.password, $0.recipients) = (password, [])
            }.encoded()
        return try TestMessage(body, signer: signer, attributes: hasAttributes ? attributes : []).with {
            $0.digest = digest
            $0.embedsSigners = embedsSigner
            $0.isStreamed = isStreamed
            $0.hasSignedAttributes = hasAttributes
        }.encoded()
    }
}
