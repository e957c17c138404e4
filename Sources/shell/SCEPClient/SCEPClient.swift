import CurlTransport
import FoundationEssentials
import OpenSSLCrypto
package import SCEP
import Secrets
import X509

/// A SCEP client (RFC 8894) for any Swift program on Linux: one server, its pinned CA, and the three things to ask.
///
/// It keeps no state and writes no file; what must survive a restart is in `PendingRequest`. Every reply passes the
/// same checks as the agent's. It blocks the calling task's thread for the time of a cryptographic operation.
public struct SCEPClient: Sendable {
    private let cryptography = OpenSSL()
    private let policy: ServerPolicy
    private let server: ServerURL
    private let transport: @Sendable () throws -> any Transport

    /// - Parameters:
    ///   - url: the server's SCEP URL, http or https, taken verbatim.
    ///   - caFingerprints: SHA-256 of the CA certificates to trust, 32 bytes each; at least one.
    ///   - raFingerprints: SHA-256 of RA certificates that nothing else authorises.
    ///   - security: `.rfc8894` refuses replies that use SHA-1, 3DES or DES.
    /// - Throws: `SCEPClientError`.
    public init(
        url: String, caFingerprints: [[UInt8]], raFingerprints: [[UInt8]] = [], security: Security = .compatible
    ) throws {
        try self.init(url: url, caFingerprints: caFingerprints, raFingerprints: raFingerprints, security: security) {
            try CurlTransport(userAgent: "signet-scep-client")
        }
    }

    /// The same over a transport of the caller's.
    package init(
        url: String, caFingerprints: [[UInt8]], raFingerprints: [[UInt8]], security: Security,
        transport: @escaping @Sendable () throws -> any Transport
    ) throws {
        guard !caFingerprints.isEmpty, (caFingerprints + raFingerprints).allSatisfy({ $0.count == 32 }) else {
            throw SCEPClientError(code: "bad-fingerprint", message: "give the CA's SHA-256 fingerprint, 32 bytes")
        }
        server = try SCEPClientError.wrapping { try ServerURL(url) }
        policy = ServerPolicy(
            caFingerprints: caFingerprints, raFingerprints: raFingerprints,
            security: security == .compatible ? .compatible : .rfc8894)
        self.transport = transport
    }

    /// What replies may use.
    public enum Security: Sendable { case compatible, rfc8894 }

    /// A new RSA key, PKCS#8 PEM; the caller keeps it safe.
    public func generateKey(bits: Int = 2048) throws -> [UInt8] {
        try SCEPClientError.wrapping { try cryptography.generateKey(.rsa(bits: bits)).withBytes { Array($0) } }
    }

    /// Enrolls with a PKCSReq that is signed by the requested key itself.
    ///
    /// - Parameters:
    ///   - subject: RFC 4514 text, "CN=device,O=Example".
    ///   - key: PKCS#8 PEM.
    ///   - challenge: the challengePassword, where the PKI wants one.
    public func enroll(subject: String, key: [UInt8], challenge: [UInt8]? = nil) async throws -> Outcome {
        try await SCEPClientError.wrapping {
            let exchange = try exchange()
            let authority = try await exchange.discover(now: Date())
            let key = key.withUnsafeBytes { Secret(copying: $0) }
            let name = try DistinguishedName(rfc4514: subject)
            let signer = try RequestComposer.transactionSigner(
                subject: name, key: key, now: Date(), cryptography: cryptography)
            let message = try RequestComposer(cryptography: cryptography, authority: authority, policy: policy)
                .enrollment(
                    .pkcsReq, transaction: TransactionID(random: try cryptography.randomBytes(16)),
                    content: RequestContent(subject: name.der, alternativeNames: []), key: key,
                    challenge: challenge.map { $0.withUnsafeBytes { Secret(copying: $0) } }, signer: signer)
            return try await submit(message, signer: signer, subject: name, exchange, authority)
        }
    }

    /// Asks after a request that the PKI had not decided on.
    public func poll(_ pending: PendingRequest) async throws -> Outcome {
        try await SCEPClientError.wrapping {
            let exchange = try exchange()
            let authority = try await exchange.discover(now: Date())
            let message = try RequestComposer(cryptography: cryptography, authority: authority, policy: policy)
                .poll(transaction: pending.transaction, subject: pending.subject, signer: pending.signer)
            return try await submit(message, signer: pending.signer, subject: pending.subject, exchange, authority)
        }
    }

    private func exchange() throws -> SCEPExchange {
        SCEPExchange(server: server, transport: try transport(), cryptography: cryptography, policy: policy)
    }

    private func submit(
        _ message: PKIMessage, signer: MessageSigner, subject: DistinguishedName, _ exchange: SCEPExchange,
        _ authority: Authority
    ) async throws -> Outcome {
        let expectation = Expectation(
            message: message, signer: signer, publicKeyInfo: try cryptography.publicKeyInfo(of: signer.key),
            subject: subject, current: nil)
        switch try await exchange.submit(expectation, to: authority, now: Date()).0 {
        case .issued(let issued): return .issued(certificate: issued.leaf.der, chain: issued.chain.map(\.der))
        case .refused(let info, let text): return .refused(failInfo: info?.name, text: text)
        case .pending:
            return .pending(PendingRequest(transaction: message.transaction, signer: signer, subject: subject))
        }
    }
}
