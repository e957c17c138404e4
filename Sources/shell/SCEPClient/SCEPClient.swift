import CurlTransport
import FoundationEssentials
import OpenSSLCrypto
package import SCEP
import Secrets
import X509

/// A SCEP client (RFC 8894) for any Swift program on Linux: one server, its pinned CA, and the three things to ask.
///
/// It keeps no state and writes no file; a `PendingRequest` lasts as long as the process. Every reply passes the
/// same checks as the agent's. It blocks the calling task's thread for the time of a cryptographic operation.
public struct SCEPClient: Sendable {
    private let cryptography = OpenSSL()
    private let policy: ServerPolicy
    private let demands: CertificateDemands
    private let server: ServerURL
    private let transport: @Sendable () throws -> any Transport

    /// - Parameters:
    ///   - url: the server's SCEP URL, http or https, without a login, taken verbatim. Where the environment names a proxy as
    ///     libcurl knows it (`http_proxy`, `https_proxy`, `no_proxy`), that is used.
    ///   - caFingerprints: SHA-256 of the CA certificates to trust, 32 bytes each; at least one.
    ///   - raFingerprints: SHA-256 of RA certificates that nothing else authorises.
    ///   - security: `.rfc8894` refuses replies that use SHA-1, 3DES or DES; `.compatible` takes them, and `Outcome` says so.
    ///   - certificates: what issued certificates have to be beside what was asked for.
    /// - Throws: `SCEPClientError`.
    public init(
        url: String, caFingerprints: [[UInt8]], raFingerprints: [[UInt8]] = [], security: Security = .compatible,
        certificates: CertificateDemands = CertificateDemands()
    ) throws {
        try self.init(
            url: url, caFingerprints: caFingerprints, raFingerprints: raFingerprints, security: security,
            certificates: certificates
        ) {
            try CurlTransport(userAgent: "signet-scep-client")
        }
    }

    /// The same over a transport of the caller's.
    package init(
        url: String, caFingerprints: [[UInt8]], raFingerprints: [[UInt8]], security: Security,
        certificates: CertificateDemands = CertificateDemands(),
        transport: @escaping @Sendable () throws -> any Transport
    ) throws {
        guard !caFingerprints.isEmpty, (caFingerprints + raFingerprints).allSatisfy({ $0.count == 32 }) else {
            throw SCEPClientError(code: "bad-fingerprint", message: "give the CA's SHA-256 fingerprint, 32 bytes")
        }
        server = try SCEPClientError.wrapping { try ServerURL(url) }
        policy = ServerPolicy(
            caFingerprints: caFingerprints, raFingerprints: raFingerprints,
            security: security == .compatible ? .compatible : .rfc8894)
        demands = certificates
        self.transport = transport
    }

    /// What replies may use.
    public enum Security: Sendable { case compatible, rfc8894 }

    /// A new RSA key, PKCS#8 PEM; the caller keeps it safe.
    public func generateKey(bits: Int = 2048) throws -> [UInt8] {
        try SCEPClientError.wrapping { try cryptography.generateKey(.rsa(bits: bits)).withBytes { Array($0) } }
    }

    /// A new EC key, PKCS#8 PEM; the caller keeps it safe.
    public func generateKey(curve: Curve) throws -> [UInt8] {
        let curve: NamedCurve = curve == .p256 ? .p256 : .p384
        return try SCEPClientError.wrapping { try cryptography.generateKey(.ec(curve)).withBytes { Array($0) } }
    }

    /// The curves of EC keys.
    public enum Curve: Sendable { case p256, p384 }

    /// Enrolls with a PKCSReq that is signed by the requested key itself; for an EC key, by an RSA key of the transaction's
    /// own, since the reply is encrypted to the signer (RFC 8894 §2.3). Where the CA's key cannot be encrypted to, requests are
    /// encrypted under the challenge, which must have 16 characters (§3.1).
    ///
    /// - Parameters:
    ///   - subject: RFC 4514 text, "CN=device,O=Example".
    ///   - key: PKCS#8 PEM.
    ///   - challenge: the challengePassword, where the PKI wants one.
    public func enroll(subject: String, key: [UInt8], challenge: [UInt8]? = nil) async throws -> Outcome {
        try await SCEPClientError.wrapping {
            let key = Secret(bytes: key)
            let name = try DistinguishedName(rfc4514: subject)
            let own = try RequestComposer.transactionSigner(
                subject: name, key: key, now: Date(), cryptography: cryptography)
            let signer =
                own.certificate.publicKey.receives
                ? own
                : try RequestComposer.transactionSigner(
                    subject: name, key: try cryptography.generateKey(.transport), now: Date(),
                    cryptography: cryptography)
            return try await request(
                .pkcsReq, subject: name, key: key, challenge: challenge, signer: signer, current: nil)
        }
    }

    /// Renews with a RenewalReq that is signed by the present certificate (RFC 8894 §2.5). Servers without it want
    /// `type: .pkcsReq`. To a certificate with an EC key the reply comes under the challenge, which must have 16 characters
    /// then (§3.1); few servers know that, and with others such a machine enrolls anew.
    ///
    /// - Parameters:
    ///   - certificate: DER; its subject is asked for again.
    ///   - key: its private key, PKCS#8 PEM.
    ///   - newKey: PKCS#8 PEM. The old one may be renewed with, where a PKI allows that.
    ///   - type: what the PKI takes for a renewal.
    ///   - challenge: for PKIs that want it again.
    public func renew(
        certificate: [UInt8], key: [UInt8], newKey: [UInt8], type: RenewalType = .renewalReq,
        challenge: [UInt8]? = nil
    ) async throws -> Outcome {
        try await SCEPClientError.wrapping {
            let current = try Certificate(der: certificate)
            return try await request(
                type == .renewalReq ? .renewalReq : .pkcsReq, subject: current.subject, key: Secret(bytes: newKey),
                challenge: challenge, signer: MessageSigner(certificate: current, key: Secret(bytes: key)),
                current: current)
        }
    }

    /// The message that a renewal is.
    public enum RenewalType: Sendable { case renewalReq, pkcsReq }

    /// Asks after a request that the PKI had not decided on.
    public func poll(_ pending: PendingRequest) async throws -> Outcome {
        try await SCEPClientError.wrapping {
            let exchange = try exchange()
            let authority = try await exchange.discover(now: Date())
            let message = try RequestComposer(cryptography: cryptography, authority: authority, policy: policy)
                .poll(
                    transaction: pending.transaction, subject: pending.subject, signer: pending.signer,
                    password: pending.password)
            return try await submit(
                expectation(
                    message, signer: pending.signer, publicKeyInfo: pending.publicKeyInfo, subject: pending.subject,
                    current: pending.current, password: pending.password),
                exchange, authority, challenge: pending.challenge)
        }
    }

    /// GetCert: a certificate of the CA's, asked for as the holder of one (RFC 8894 §2.6).
    ///
    /// - Parameters:
    ///   - issuer: DER of the issuer's Name.
    ///   - serialNumber: content octets, big-endian two's complement.
    ///   - certificate: DER of who asks.
    ///   - key: its private key, PKCS#8 PEM.
    /// - Returns: DER.
    public func certificate(
        issuer: [UInt8], serialNumber: [UInt8], as certificate: [UInt8], key: [UInt8]
    ) async throws -> [UInt8] {
        try await SCEPClientError.wrapping {
            let query = Query.certificate(issuer: try DistinguishedName(der: issuer), serialNumber: serialNumber)
            let verdict = try await ask(query, as: certificate, key)
            guard case .certificate(let found) = verdict else { throw SCEPClientError(refused: verdict) }
            return found.der
        }
    }

    /// GetCRL: the list that would name a certificate (RFC 8894 §2.7), signed by the CA that issued it. Prefer the places
    /// that the certificate names.
    ///
    /// - Parameters:
    ///   - certificate: DER.
    ///   - key: its private key, PKCS#8 PEM.
    /// - Returns: DER.
    public func revocationList(for certificate: [UInt8], key: [UInt8]) async throws -> [UInt8] {
        try await SCEPClientError.wrapping {
            let own = try Certificate(der: certificate)
            let query = Query.revocationList(issuer: own.issuer, serialNumber: own.serialNumber)
            let verdict = try await ask(query, as: certificate, key)
            guard case .revocationList(let list) = verdict else { throw SCEPClientError(refused: verdict) }
            return list
        }
    }

    /// GetNextCACert: what the CA will use next, authenticated by its present key; nothing where it announces none. Decide
    /// for yourself whether to trust it.
    ///
    /// - Returns: DER.
    public func nextCertificates() async throws -> [[UInt8]] {
        try await SCEPClientError.wrapping {
            let exchange = try exchange()
            let authority = try await exchange.discover(now: Date())
            return try await exchange.nextCertificates(of: authority, now: Date())?.map(\.der) ?? []
        }
    }

    private func ask(_ query: Query, as certificate: [UInt8], _ key: [UInt8]) async throws -> QueryVerdict {
        let exchange = try exchange()
        let authority = try await exchange.discover(now: Date())
        let signer = MessageSigner(certificate: try Certificate(der: certificate), key: Secret(bytes: key))
        return try await exchange.ask(query, of: authority, signer: signer, now: Date()).0
    }

    private func request(
        _ type: MessageType, subject: DistinguishedName, key: Secret, challenge: [UInt8]?, signer: MessageSigner,
        current: Certificate?
    ) async throws -> Outcome {
        let exchange = try exchange()
        let authority = try await exchange.discover(now: Date())
        let challenge = challenge.map { Secret(bytes: $0) }
        if challenge != nil { try authority.requireCredibleClock() }
        let isUnderPassword = authority.needsPassword || !signer.certificate.publicKey.receives
        let password = isUnderPassword ? try challenge.mustBeStrong("exchange messages") : nil
        let message = try RequestComposer(cryptography: cryptography, authority: authority, policy: policy).enrollment(
            type, transaction: TransactionID(random: try cryptography.randomBytes(16)),
            content: RequestContent(subject: subject.der, alternativeNames: []), key: key,
            challenge: challenge, signer: signer, password: password)
        return try await submit(
            expectation(
                message, signer: signer, publicKeyInfo: try cryptography.publicKeyInfo(of: key), subject: subject,
                current: current, password: password), exchange, authority, challenge: challenge)
    }

    private func expectation(
        _ message: PKIMessage, signer: MessageSigner, publicKeyInfo: [UInt8], subject: DistinguishedName,
        current: Certificate?, password: Secret?
    ) -> Expectation {
        Expectation(
            message: message, signer: signer, publicKeyInfo: publicKeyInfo, subject: subject,
            accepted: demands.acceptsOtherSubjects ? .any : nil, mustBeClients: demands.mustBeForClients,
            current: current, password: password)
    }

    private func exchange() throws -> SCEPExchange {
        SCEPExchange(server: server, transport: try transport(), cryptography: cryptography, policy: policy)
    }

    private func submit(
        _ expectation: Expectation, _ exchange: SCEPExchange, _ authority: Authority, challenge: Secret?
    ) async throws -> Outcome {
        let (verdict, weaknesses) = try await exchange.submit(expectation, to: authority, now: Date())
        switch challenge.map(verdict.withholding) ?? verdict {
        case .issued(let issued):
            return .issued(
                certificate: issued.leaf.der, chain: issued.chain.map(\.der), weaknesses: weaknesses.map(\.description))
        case .refused(let info, let text): return .refused(failInfo: info?.name, text: text)
        case .pending: return .pending(PendingRequest(expectation, challenge: challenge))
        }
    }
}

extension Secret {
    fileprivate convenience init(bytes: [UInt8]) {
        self.init(capacity: bytes.count) { target in
            target.copyBytes(from: bytes)
            return bytes.count
        }
    }
}
