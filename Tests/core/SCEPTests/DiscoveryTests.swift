import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// GetCACaps and GetCACert as servers really answer them.
@Suite struct DiscoveryTests {
    private let pki: PKI

    init() throws { pki = try PKI() }

    private func discover(_ transport: ScriptedTransport) async throws -> Authority {
        try await SCEPExchange(
            server: try ServerURL("http://pki.example/scep"), transport: transport, cryptography: OpenSSL(),
            policy: pki.policy()
        ).discover(now: TestTime.now)
    }

    @Test(arguments: [404, 500, 503, 204, 302])
    func `A server that knows no GetCACaps has no capabilities (N-01)`(status: Int) async throws {
        let transport = ScriptedTransport(.answer(status), try .certificates([pki.issuing.certificate]))
        #expect(try await discover(transport).capabilities == .none)
        #expect(
            transport.requests.map(\.url) == [
                "http://pki.example/scep?operation=GetCACaps", "http://pki.example/scep?operation=GetCACert",
            ])
        #expect(transport.requests.allSatisfy { $0.method == .get && $0.body.isEmpty && $0.deadline == 30 })
        #expect(transport.requests.map(\.limit) == [64 * 1024, 1024 * 1024])
    }

    @Test func `Nor has one that answers nothing, a page, or closes the connection (N-01, N-06)`() async throws {
        for caps in [.answer(), .text("<html>AES</html>", type: "text/html"), .fault(.connectionLost)]
            as [ScriptedTransport.Answer]
        {
            let transport = ScriptedTransport(caps, try .certificates([pki.issuing.certificate]))
            #expect(try await discover(transport).capabilities.keywords.isEmpty)
        }
    }

    @Test(arguments: [TransportFaultCode.notConnected, .nameNotResolved, .tlsRefused, .timedOut, .tooLarge, .cancelled])
    func `A server that is not there is no server without capabilities (N-05)`(code: TransportFaultCode) async throws {
        let transport = ScriptedTransport(.fault(code))
        await #expect {
            try await discover(transport)
        } throws: { error in
            guard case ExchangeFailure.noAnswer(let fault) = error else { return false }
            return fault.code == code
        }
        #expect(transport.requests.count == 1)
    }

    @Test func `One that asks to wait is waited for`() async throws {
        for answer in [ScriptedTransport.Answer.answer(429), .answer(503, retryAfter: 70)] {
            let transport = ScriptedTransport(answer)
            await #expect {
                try await discover(transport)
            } throws: { error in
                guard case ExchangeFailure.status(let status, let retryAfter, _) = error else { return false }
                return status == 429 ? retryAfter == nil : retryAfter == 70
            }
            #expect(transport.requests.count == 1)
        }
    }

    @Test(arguments: [
        nil, "application/x-x509-ca-cert", "application/x-x509-ca-ra-cert", "application/x-x509-ra-ca-certs",
        "text/plain",
    ])
    func `What GetCACert brought is told by its bytes, not by its type (N-16)`(type: String?) async throws {
        let ra = try pki.registration()
        let bodies = [
            pki.issuing.certificate.der, try TestMessage.degenerate([ra.certificate, pki.issuing.certificate]),
        ]
        for body in bodies {
            let transport = ScriptedTransport(.answer(404), .answer(200, body, type: type))
            #expect(try await discover(transport).issuers == [pki.issuing.certificate])
        }
    }

    @Test func `Anything else is no SCEP server (N-17, Q-82)`() async throws {
        let der = pki.issuing.certificate.der
        let bodies: [[UInt8]] = [
            [], Array("<html>login</html>".utf8), pki.issuing.certificate.pem, der + [0], Array(der.dropLast()),
            [0x30, 0x00], Array(repeating: 0x30, count: 5000),
        ]
        for body in bodies {
            let transport = ScriptedTransport(.text("AES"), .answer(200, body, type: "application/x-x509-ca-cert"))
            #expect(await refusal { _ = try await discover(transport) }?.code == .notSCEP)
        }
    }

    @Test(arguments: [404, 500, 301])
    func `An HTTP error is passed on with its status`(status: Int) async throws {
        let transport = ScriptedTransport(.answer(404), .answer(status, retryAfter: 9))
        await #expect {
            try await discover(transport)
        } throws: { error in
            guard case ExchangeFailure.status(status, retryAfter: 9, let operation) = error else { return false }
            return operation.hasPrefix("GetCACert of 'http")
        }
    }
}
