import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestPKI
import TestServers
import X509

/// A SCEP server of one CA on a loopback address, which issues whatever is asked for with `TestKey.device`.
struct EnrollingServer: Sendable {
    let authority: TestIdentity
    private let server: PlainServer

    var url: String { "\(server.url)/scep" }
    var fingerprint: [UInt8] { OpenSSL().sha256(authority.certificate.der) }

    init() throws {
        let authority = try CertificateOrder.authority("CN=Test CA").issue()
        self.authority = authority
        let issuer = Issuer(authority: authority)
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

    let authority: TestIdentity
    let key: Secret

    init(authority: TestIdentity) {
        self.authority = authority
        key = authority.key.pem.withUnsafeBytes { Secret(copying: $0) }
    }

    func answer(_ request: PlainServer.Request) throws -> [UInt8] {
        if request.line.contains("operation=GetCACaps") { return Array("SCEPStandard\n".utf8) }
        if request.line.contains("operation=GetCACert") { return authority.certificate.der }
        let message = try CMSSignedMessage.admit(request.body)
        guard let transaction = message.transactionID, let nonce = message.senderNonce, let content = message.content,
            let sender = try message.certificates.first.map({ try Certificate(der: $0) })
        else { throw NoRequest() }
        let inner = try OpenSSL().openEnvelope(
            content, recipient: authority.certificate, key: key, legacyCiphers: false)
        let issued = try CertificateOrder(
            "\(try CertificateRequest(der: inner).subject)", key: .device, issuer: authority
        ).with {
            $0.serial = 100
            $0.notBefore = Date().addingTimeInterval(-60)
        }.issue()
        let arc = "2.16.840.1.113733.1.9."
        let envelope = TestEnvelope(try TestMessage.degenerate([issued.certificate]), for: sender)
        return try TestMessage(
            try envelope.encoded(), signer: authority,
            attributes: [
                .printable(arc + "2", "3"), .printable(arc + "3", "0"), .printable(arc + "7", transaction),
                .octets(arc + "6", nonce),
            ]
        ).encoded()
    }
}
