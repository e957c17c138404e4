import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestPKI
import TestServers
import X509

/// A SCEP server of one CA on a loopback address, which issues whatever is asked for with `TestKey.device`.
struct EnrollingServer: Sendable {
    /// What it does with a request.
    enum Manner: Sendable {
        case issues
        /// In 3DES and SHA-1.
        case issuesWeakly
        /// By FAILURE, with this text.
        case refuses(String)
    }

    /// What replies to signers with EC keys are encrypted under.
    static let challenge = Array("sixteen-or-more-characters".utf8)

    let authority: TestIdentity
    private let server: PlainServer

    var url: String { "\(server.url)/scep" }
    var fingerprint: [UInt8] { OpenSSL().sha256(authority.certificate.der) }

    init(_ manner: Manner = .issues) throws {
        let authority = try CertificateOrder.authority("CN=Test CA").issue()
        self.authority = authority
        let issuer = Issuer(authority: authority, manner: manner)
        server = try PlainServer { request in
            do {
                return http("200 OK", try issuer.answer(request))
            } catch {
                return http("500 Failed", Array("\(error)".utf8))
            }
        }
    }

    func stop() { server.stop() }
}

private func http(_ status: String, _ body: [UInt8]) -> [UInt8] {
    Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\nConnection: close\r\n\r\n".utf8) + body
}

private struct Issuer {
    private struct NoRequest: Error {}

    private static let arc = "2.16.840.1.113733.1.9."
    /// The universal tag.
    private static let utf8String: Int32 = 12

    private let authority: TestIdentity
    private let key: Secret
    private let manner: EnrollingServer.Manner

    init(authority: TestIdentity, manner: EnrollingServer.Manner) {
        self.authority = authority
        self.manner = manner
        key = authority.key.pem.withUnsafeBytes { Secret(copying: $0) }
    }

    func answer(_ request: PlainServer.Request) throws -> [UInt8] {
        if request.line.contains("operation=GetCACaps") { return Array("SCEPStandard\n".utf8) }
        if request.line.contains("operation=GetCACert") { return authority.certificate.der }
        let message = try CMSSignedMessage.admit(request.body)
        guard let transaction = message.transactionID, let nonce = message.senderNonce, let content = message.content,
            let sender = try message.certificates.first.map({ try Certificate(der: $0) })
        else { throw NoRequest() }
        if case .refuses(let text) = manner {
            return try reply(
                nil, transaction, nonce,
                status: [
                    .printable(Self.arc + "3", "2"), .printable(Self.arc + "4", "2"),
                    TestAttribute("1.3.6.1.5.5.7.24.1", type: Self.utf8String, value: Array(text.utf8)),
                ])
        }
        let inner = try OpenSSL().openEnvelope(
            content, recipient: authority.certificate, key: key, legacyCiphers: false)
        let issued = try CertificateOrder(
            "\(try CertificateRequest(der: inner).subject)", key: .device, issuer: authority
        ).with {
            $0.serial = 100
            $0.notBefore = Date().addingTimeInterval(-60)
        }.issue()
        let envelope = try envelop(TestMessage.degenerate([issued.certificate]), for: sender)
        return try reply(envelope, transaction, nonce, status: [.printable(Self.arc + "3", "0")])
    }

    private var isWeak: Bool { if case .issuesWeakly = manner { true } else { false } }

    private func envelop(_ content: [UInt8], for sender: Certificate) throws -> [UInt8] {
        if sender.publicKey.receives {
            return try TestEnvelope(content, for: sender)
                .with { if isWeak { $0.cipher = "DES-EDE3-CBC" } }.encoded()
        }
        return try OpenSSL().envelop(
            content.withUnsafeBytes { Secret(copying: $0) },
            password: EnrollingServer.challenge.withUnsafeBytes { Secret(copying: $0) }, cipher: .aes128CBC)
    }

    private func reply(
        _ content: [UInt8]?, _ transaction: String, _ nonce: [UInt8], status: [TestAttribute]
    ) throws -> [UInt8] {
        try TestMessage(
            content, signer: authority,
            attributes: [
                .printable(Self.arc + "2", "3"), .printable(Self.arc + "7", transaction),
                .octets(Self.arc + "6", nonce),
            ] + status
        ).with { if isWeak { $0.digest = "SHA1" } }.encoded()
    }
}
