import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import Synchronization
import TestPKI
import X509

/// A small PKI: a root, an issuing CA below it, and what they issue.
struct PKI {
    let root: TestIdentity
    let issuing: TestIdentity

    init() throws {
        root = try CertificateOrder.authority().issue()
        issuing = try CertificateOrder.authority("CN=Test Issuing CA", key: .issuing, issuer: root)
            .with { $0.serial = 2 }.issue()
    }

    /// What any enrolled device holds.
    func device(
        _ subject: String = "CN=device", key: TestKey = .device, _ change: (inout CertificateOrder) -> Void = { _ in }
    ) throws -> TestIdentity {
        try CertificateOrder(subject, key: key, issuer: issuing).with {
            $0.serial = 100
            change(&$0)
        }.issue()
    }

    /// A registration authority, with the extended key usage of one.
    func registration(_ change: (inout CertificateOrder) -> Void = { _ in }) throws -> TestIdentity {
        try CertificateOrder("CN=Test RA", key: .registration, issuer: issuing).with {
            $0.serial = 50
            $0.extendedKeyUsage = "1.3.6.1.5.5.7.3.28"
            change(&$0)
        }.issue()
    }

    /// What a server's answer to GetCACert leads to, over plain HTTP.
    func discover(
        _ offered: [TestIdentity], _ policy: ServerPolicy? = nil, now: Date = TestTime.now
    ) async throws -> Authority {
        let transport = ScriptedTransport(
            .text("POSTPKIOperation\nAES\nSHA-256"), try .certificates(offered.map(\.certificate)))
        return try await SCEPExchange(
            server: try ServerURL("http://pki.example/scep"), transport: transport, cryptography: OpenSSL(),
            policy: policy ?? self.policy()
        ).discover(now: now)
    }

    /// Believes the issuing CA.
    func policy(_ change: (inout ServerPolicy) -> Void = { _ in }) -> ServerPolicy {
        var policy = ServerPolicy(caFingerprints: [issuing.fingerprint])
        change(&policy)
        return policy
    }
}

extension TestIdentity {
    var fingerprint: [UInt8] { OpenSSL().sha256(certificate.der) }
    var fingerprintText: String { "sha256:" + Hexadecimal.string(fingerprint).lowercased() }
}

extension TestKey {
    var secret: Secret { pem.withUnsafeBytes { Secret(copying: $0) } }
}

extension Secret {
    convenience init(_ text: String) {
        self.init(copying: Array(text.utf8))
    }

    convenience init(copying bytes: [UInt8]) {
        self.init(capacity: bytes.count) { target in
            target.copyBytes(from: bytes)
            return bytes.count
        }
    }
}

/// Answers in their order, and remembers what was asked.
final class ScriptedTransport: Transport {
    typealias Answer = Result<HTTPResponse, TransportFault>
    private let state: Mutex<(answers: [Answer], requests: [HTTPRequest])>

    init(_ answers: Answer...) { state = Mutex((answers, [])) }

    var requests: [HTTPRequest] { state.withLock { $0.requests } }

    func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        try state.withLock { state throws in
            state.requests.append(request)
            guard !state.answers.isEmpty else { throw TransportFault(.notConnected, attempted: "answer once more") }
            return try state.answers.removeFirst().get()
        }
    }
}

extension ScriptedTransport.Answer {
    static func answer(
        _ status: Int = 200, _ body: [UInt8] = [], type: String? = nil, retryAfter: Int? = nil, location: String? = nil
    ) -> Self {
        .success(
            HTTPResponse(status: status, contentType: type, retryAfter: retryAfter, location: location, body: body))
    }

    /// The same answer by a server whose clock said this.
    func at(_ date: Date) -> Self {
        map { response in
            var response = response
            response.date = date
            return response
        }
    }

    static func text(_ text: String, type: String? = "text/plain") -> Self {
        answer(200, Array(text.utf8), type: type)
    }

    static func fault(_ code: TransportFaultCode) -> Self { .failure(TransportFault(code, attempted: "ask")) }

    /// A GetCACert answer: one certificate as it is, several in a bundle.
    static func certificates(_ certificates: [Certificate], overTLS chain: [Certificate] = []) throws -> Self {
        let body = try certificates.count == 1 ? certificates[0].der : TestMessage.degenerate(certificates)
        return .success(HTTPResponse(status: 200, body: body, serverCertificates: chain.map(\.der)))
    }
}

/// The code of what an exchange refused; nil where it did not refuse.
func refusal(_ body: () async throws -> Void) async -> SCEPFault? {
    do {
        try await body()
        return nil
    } catch ExchangeFailure.untrusted(let fault) {
        return fault
    } catch {
        return nil
    }
}
