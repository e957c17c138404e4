import FoundationEssentials
import OpenSSLCrypto
package import SCEP
import Secrets
import TestPKI
import X509

/// One request of a device that waits for its reply, and the PKI that it was sent to: always the same, so that a reply
/// that was recorded once is one for ever.
package struct ReplyScene: Sendable {
    let root: TestIdentity
    let issuing: TestIdentity
    /// Decrypts requests, and signs replies that are recorded.
    let registration: TestIdentity
    /// Signs replies as they are made: with an EC key, since that is twenty times as fast.
    let quick: TestIdentity
    /// The only certificate that there is for the requested key.
    let issued: Certificate
    let signer: MessageSigner
    let transaction = TransactionID(random: [UInt8](repeating: 0xAB, count: 16))
    let nonce = [UInt8](repeating: 0xCD, count: 16)
    let authority: Authority
    let policy: ServerPolicy

    package static let shared = Result { try ReplyScene() }

    private init() throws {
        root = try CertificateOrder.authority().issue()
        let issuing = try CertificateOrder.authority("CN=Test Issuing CA", key: .issuing, issuer: root)
            .with { $0.serial = 2 }.issue()
        let registration = CertificateOrder("CN=Test RA", key: .registration, issuer: issuing).with {
            $0.serial = 50
            $0.extendedKeyUsage = "1.3.6.1.5.5.7.3.28"
        }
        self.issuing = issuing
        self.registration = try registration.issue()
        quick = try registration.with {
            $0.key = .elliptic
            $0.serial = 51
            $0.keyUsage = "critical,digitalSignature"
        }.issue()
        issued = try CertificateOrder("CN=device", key: .device, issuer: issuing).with { $0.serial = 100 }.issue()
            .certificate
        signer = MessageSigner(
            certificate: try CertificateOrder("CN=device", key: .device).issue().certificate,
            key: TestKey.device.pem.withUnsafeBytes { Secret(copying: $0) })
        policy = ServerPolicy(caFingerprints: [OpenSSL().sha256(issuing.certificate.der)])
        let offered = [self.registration, quick, issuing, root].map(\.certificate)
        let exchange = SCEPExchange(
            server: try ServerURL("http://pki.example/scep"), transport: Offering(certificates: offered),
            cryptography: OpenSSL(), policy: policy)
        authority = try blocking { try await exchange.discover(now: TestTime.now) }
    }

    /// What becomes of a reply, as the agent sees it.
    package func verify(
        _ body: [UInt8], cryptography: any Cryptography = OpenSSL()
    ) throws -> (Verdict, [Weakness]) {
        let message = PKIMessage(der: [], type: .pkcsReq, transaction: transaction, senderNonce: nonce)
        return try ReplyVerification(
            cryptography: cryptography, authority: authority, policy: policy, now: TestTime.now
        ).verify(
            body,
            Expectation(
                message: message, signer: signer, publicKeyInfo: signer.certificate.publicKeyInfo,
                subject: issued.subject, current: nil))
    }
}

/// Answers GetCACert, and has no capabilities.
private struct Offering: Transport {
    let certificates: [Certificate]

    func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard request.url.contains("operation=GetCACert") else { return HTTPResponse(status: 404) }
        return HTTPResponse(status: 200, body: try TestMessage.degenerate(certificates))
    }
}
