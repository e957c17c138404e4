import FoundationEssentials
import SCEPClient
import TestPKI
import Testing
import X509

@Suite struct ClientTests {
    private func client(of server: EnrollingServer, _ security: SCEPClient.Security = .compatible) throws -> SCEPClient
    {
        try SCEPClient(url: server.url, caFingerprints: [server.fingerprint], security: security)
    }

    private func code(_ body: () async throws -> Outcome) async throws -> String {
        do {
            _ = try await body()
            return "none"
        } catch let error as SCEPClientError {
            return error.code
        }
    }

    @Test func `what is weak in a reply is told, or refused (N-37, N-63)`() async throws {
        for (manner, weaknesses) in [(EnrollingServer.Manner.issues, 0), (.issuesWeakly, 2)] {
            let server = try EnrollingServer(manner)
            defer { server.stop() }
            let outcome = try await client(of: server).enroll(subject: "CN=device", key: TestKey.device.pem)
            guard case .issued(_, _, let told) = outcome else { throw CancellationError() }
            #expect(told.count == weaknesses)
        }
        let server = try EnrollingServer(.issuesWeakly)
        defer { server.stop() }
        let strict = try client(of: server, .rfc8894)
        let code = try await code { try await strict.enroll(subject: "CN=device", key: TestKey.device.pem) }
        #expect(code == "weak-algorithm")
    }

    @Test func `a refusal's text that repeats the challenge is withheld (N-93)`() async throws {
        let server = try EnrollingServer(.refuses("the password 'hunter2-hunter2' is wrong"))
        defer { server.stop() }
        for (challenge, isRepeated) in [("hunter2-hunter2", true), ("another-one", false)] {
            let outcome = try await client(of: server)
                .enroll(subject: "CN=device", key: TestKey.device.pem, challenge: Array(challenge.utf8))
            guard case .refused("badRequest", let text?) = outcome else { throw CancellationError() }
            #expect(text.contains("hunter2") == !isRepeated)
        }
    }

    @Test func `an EC identity is renewed under a strong challenge, and not asked for without (R-073)`() async throws {
        let server = try EnrollingServer()
        defer { server.stop() }
        let client = try client(of: server)
        let current = try CertificateOrder("CN=device", key: .elliptic, issuer: server.authority).with {
            $0.notBefore = Date().addingTimeInterval(-86_400)
            $0.notAfter = Date().addingTimeInterval(86_400)
        }.issue()
        func renew(_ challenge: String?) async throws -> Outcome {
            try await client.renew(
                certificate: current.certificate.der, key: TestKey.elliptic.pem, newKey: TestKey.device.pem,
                challenge: challenge.map { Array($0.utf8) })
        }
        for weak in [nil, "fifteen-letters"] {
            let code = try await code { try await renew(weak) }
            #expect(code == "unsupported-recipient-key")
        }
        guard case .issued = try await renew(String(decoding: EnrollingServer.challenge, as: UTF8.self)) else {
            throw CancellationError()
        }
    }

    @Test func `a login in the URL is refused, and not repeated`() throws {
        let fault = try #require(throws: SCEPClientError.self) {
            try SCEPClient(url: "https://user:hunter2@a.example/", caFingerprints: [[UInt8](repeating: 0, count: 32)])
        }
        #expect(fault.code == "bad-url" && !fault.message.contains("hunter2"))
    }
}
