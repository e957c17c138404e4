import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestPKI
import X509

/// A SCEP server of one CA, which answers within the process. A value: it can be had again as it was at any moment.
struct Responder: Sendable {
    /// A request, and the certificate once there is one.
    private struct Order: Sendable {
        let subject: String
        let key: TestKey
        let recipient: Certificate
        let issuer: TestIdentity
        var issued: Certificate?
        var polls = 0
    }

    private struct UnknownKey: Error {}

    static let challenge = "hush"
    /// What devices may have for a key, so that certificates for them can be made.
    static let deviceKeys: [TestKey] = [.device, .renewed, .other, .issuing, .registration]

    let authority: TestIdentity
    /// The CA that takes over, once it is announced.
    var successor: TestIdentity?
    /// CertPolls that are answered with PENDING before a certificate is issued.
    var pollsBeforeIssue: Int?
    /// Seconds that a certificate lives.
    var lifetime = 10.0 * 86_400
    private var orders: [String: Order] = [:]
    private(set) var issued: [Certificate] = []
    /// Requests that carried the challenge.
    private(set) var challengesShown = 0
    private(set) var requests = 0
    private(set) var polls = 0

    init(pollsBeforeIssue: Int? = nil) throws {
        authority = try CertificateOrder.authority("CN=root").issue()
        self.pollsBeforeIssue = pollsBeforeIssue
    }

    /// A CA that ends, and the one that takes over from a moment before that.
    init(ending end: Date, successorFrom begin: Date) throws {
        authority = try CertificateOrder.authority("CN=root").with { $0.notAfter = end }.issue()
        successor = try CertificateOrder.authority("CN=next root").with {
            $0.serial = 9
            $0.notBefore = begin
        }.issue()
    }

    /// What root's files name.
    var fingerprints: [[UInt8]] {
        [authority, successor].compactMap(\.self).map { OpenSSL().sha256($0.certificate.der) }
    }

    /// Answers one request of HTTP.
    mutating func answer(_ request: HTTPRequest, now: Date) throws -> HTTPResponse {
        if request.url.contains("operation=GetCACaps") {
            let keywords = "SCEPStandard\nRenewal" + (successor == nil ? "" : "\nGetNextCACert")
            return HTTPResponse(status: 200, contentType: "text/plain", body: Array(keywords.utf8))
        }
        if request.url.contains("operation=GetNextCACert"), let successor {
            let told = try TestMessage.degenerate([successor.certificate])
            return HTTPResponse(
                status: 200, contentType: "application/x-x509-next-ca-cert",
                body: try TestMessage(told, signer: authority).encoded())
        }
        if request.url.contains("operation=GetCACert") {
            return HTTPResponse(
                status: 200, contentType: "application/x-x509-ca-cert", body: authority.certificate.der)
        }
        let message = try CMSSignedMessage.admit(request.body)
        guard let sender = try message.certificates.first.map({ try Certificate(der: $0) }),
            let id = message.transactionID, let content = message.content
        else { return HTTPResponse(status: 400) }
        _ = try OpenSSL().verifySignedData(request.body, signers: [sender])
        if message.messageType == MessageType.certPoll.rawValue {
            polls += 1
            orders[id]?.polls += 1
        } else {
            requests += 1
            orders[id] = try order(content, from: sender)
        }
        return HTTPResponse(
            status: 200, contentType: "application/x-pki-message",
            body: try reply(id, nonce: message.senderNonce ?? [], now: now))
    }

    private mutating func order(_ content: [UInt8], from sender: Certificate) throws -> Order {
        // The envelope says who is to issue (RFC 8894 §5.1).
        func opened(by one: TestIdentity) throws -> [UInt8] {
            try OpenSSL().openEnvelope(
                content, recipient: one.certificate, key: one.key.secret, legacyCiphers: false)
        }
        let ahead = successor.flatMap { one in (try? opened(by: one)).map { (one, $0) } }
        let (issuer, inner) = try ahead ?? (authority, opened(by: authority))
        let request = try CertificateRequest(der: inner)
        let challenge = Array(Self.challenge.utf8)
        if inner.indices.contains(where: { inner[$0...].starts(with: challenge) }) { challengesShown += 1 }
        let key = try Self.deviceKeys.first { try OpenSSL().publicKeyInfo(of: $0.secret) == request.publicKeyInfo }
        guard let key else { throw UnknownKey() }
        return Order(subject: "\(request.subject)", key: key, recipient: sender, issuer: issuer)
    }

    private mutating func reply(_ id: String, nonce: [UInt8], now: Date) throws -> [UInt8] {
        guard var order = orders[id] else { return try signed(status: "2", failInfo: "4", id, nonce) }
        if order.issued == nil, order.polls > pollsBeforeIssue ?? -1 {
            let issuer = order.issuer.certificate
            let identity = try CertificateOrder(order.subject, key: order.key, issuer: order.issuer).with {
                $0.serial = UInt64(100 + issued.count)
                $0.notBefore = max(now.addingTimeInterval(-60), issuer.notBefore)
                $0.notAfter = min(max(now, issuer.notBefore).addingTimeInterval(lifetime), issuer.notAfter)
            }.issue()
            order.issued = identity.certificate
            issued.append(identity.certificate)
            orders[id] = order
        }
        guard let certificate = order.issued else { return try signed(status: "3", id, nonce) }
        let bundle = try TestMessage.degenerate([certificate])
        return try signed(status: "0", id, nonce, content: try TestEnvelope(bundle, for: order.recipient).encoded())
    }

    private func signed(
        status: String, failInfo: String? = nil, _ id: String, _ nonce: [UInt8], content: [UInt8]? = nil
    ) throws -> [UInt8] {
        let arc = "2.16.840.1.113733.1.9."
        var attributes: [TestAttribute] = [
            .printable(arc + "2", MessageType.certRep.rawValue), .printable(arc + "3", status),
            .printable(arc + "7", id), .octets(arc + "6", nonce),
        ]
        if let failInfo { attributes.append(.printable(arc + "4", failInfo)) }
        return try TestMessage(content, signer: authority, attributes: attributes).encoded()
    }
}

extension TestKey {
    var secret: Secret { pem.withUnsafeBytes { Secret(copying: $0) } }
}
