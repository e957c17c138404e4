import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// A message on its way: method, fallback, and what counts as an answer.
@Suite struct ExchangeTests {
    private let talk: Conversation
    private let message: PKIMessage

    init() throws {
        talk = try Conversation()
        message = PKIMessage(
            der: [0x30, 0x03, 0xFB, 0xEF, 0xFF], type: .pkcsReq, transaction: talk.transaction, senderNonce: talk.nonce)
    }

    /// Discovers, then submits; the transport keeps what was asked.
    private func submit(
        _ transport: ScriptedTransport, url: String = "http://pki.example/scep"
    ) async throws -> (Verdict, [Weakness]) {
        let exchange = SCEPExchange(
            server: try ServerURL(url), transport: transport, cryptography: OpenSSL(), policy: talk.pki.policy())
        let authority = try await exchange.discover(now: TestTime.now)
        return try await exchange.submit(
            Expectation(
                message: message, signer: talk.signer, publicKeyInfo: talk.signer.certificate.publicKeyInfo,
                subject: talk.subject, current: nil), to: authority, now: TestTime.now)
    }

    private func script(_ capabilities: String, _ answers: ScriptedTransport.Answer...) throws -> ScriptedTransport {
        let offered = [talk.registration.certificate, talk.pki.issuing.certificate]
        let all: [ScriptedTransport.Answer] = [.text(capabilities), try .certificates(offered)] + answers
        switch all.count {
        case 3: return ScriptedTransport(all[0], all[1], all[2])
        default: return ScriptedTransport(all[0], all[1], all[2], all[3])
        }
    }

    private var pending: ScriptedTransport.Answer {
        get throws { .answer(200, try talk.success().with(status: "3").encoded(), type: "application/x-pki-message") }
    }

    private func isBase64Get(_ request: HTTPRequest) -> Bool {
        request.method == .get && request.body.isEmpty && !request.isRepeatable
            && request.url == "http://pki.example/scep?operation=PKIOperation&message=MAP77%2F8%3D"
    }

    @Test func `By POST where the server offers it`() async throws {
        for capabilities in ["POSTPKIOperation", "SCEPStandard"] {
            let transport = try script(capabilities, try pending)
            #expect(try await submit(transport).0 == .pending)
            let request = transport.requests[2]
            #expect(request.method == .post)
            #expect(request.url == "http://pki.example/scep?operation=PKIOperation")
            #expect(request.body == message.der)
            #expect(request.contentType == "application/x-pki-message")
            #expect(request.limit == 1024 * 1024 && request.deadline == 30)
        }
    }

    @Test func `By GET where it does not, in base64 with its three signs escaped`() async throws {
        let transport = try script("Renewal", try pending)
        #expect(try await submit(transport).0 == .pending)
        #expect(isBase64Get(transport.requests[2]))
    }

    @Test func `A POST that is answered with nothing, or refused, is followed by a GET of the same bytes, once (N-84)`()
        async throws
    {
        for answer in [ScriptedTransport.Answer.answer(), .answer(405), .answer(501)] {
            let transport = try script("POSTPKIOperation", answer, try pending)
            #expect(try await submit(transport).0 == .pending)
            #expect(transport.requests[2].method == .post)
            #expect(isBase64Get(transport.requests[3]))
            #expect(transport.requests.count == 4)
        }
        let silent = try script("POSTPKIOperation", .answer(), .answer())
        #expect(await refusal { _ = try await submit(silent) }?.code == .notSCEP)
        #expect(silent.requests.count == 4)
        // A GET that was answered is not followed by anything.
        let get = try script("", .answer())
        #expect(await refusal { _ = try await submit(get) }?.code == .notSCEP)
        #expect(get.requests.count == 3)
    }

    @Test(arguments: [405, 414, 501])
    func `A GET that is refused for what it is is followed by a POST, once: every server takes that`(
        status: Int
    ) async throws {
        let transport = try script("", .answer(status), try pending)
        #expect(try await submit(transport).0 == .pending)
        #expect(isBase64Get(transport.requests[2]))
        #expect(transport.requests[3].method == .post)
        let neither = try script("", .answer(status), .answer(status))
        await #expect(throws: ExchangeFailure.self) { try await submit(neither) }
        #expect(neither.requests.count == 4)
    }

    @Test func `A redirect is not followed, and where it leads is told`() async throws {
        let transport = try script("POSTPKIOperation", .answer(302, location: "https://pki.example/scep"))
        await #expect {
            try await submit(transport)
        } throws: { "\($0)".contains("leads to 'https://pki.example/scep'") }
    }

    @Test(arguments: [400, 403, 404, 429, 500, 502, 503, 204, 302])
    func `No other status is followed by anything (N-86)`(status: Int) async throws {
        let body = try talk.success().encoded()
        let transport = try script("POSTPKIOperation", .answer(status, body, retryAfter: 77))
        await #expect {
            try await submit(transport)
        } throws: { error in
            guard case ExchangeFailure.status(status, retryAfter: 77, let operation) = error else { return false }
            return operation.hasPrefix("PKIOperation of 'http")
        }
        #expect(transport.requests.count == 3)
    }

    @Test(arguments: [TransportFaultCode.timedOut, .connectionLost, .notConnected, .tooLarge])
    func `No request is repeated because its answer did not come (N-83)`(code: TransportFaultCode) async throws {
        let transport = try script("POSTPKIOperation", .fault(code))
        await #expect {
            try await submit(transport)
        } throws: { error in
            guard case ExchangeFailure.noAnswer(let fault) = error else { return false }
            return fault.code == code
        }
        #expect(transport.requests.count == 3)
    }

    @Test func `A page is no reply, and a reply is one whatever its type says (N-54)`() async throws {
        let page = try script("POSTPKIOperation", .text("<html>please log in</html>", type: "text/html"))
        let fault = await refusal { _ = try await submit(page) }
        #expect(fault?.code == .notSCEP)
        #expect(fault?.got?.contains("captive portal") == true)
        let text = try script("POSTPKIOperation", .text("2", type: nil))
        #expect(await refusal { _ = try await submit(text) }?.code == .notSCEP)
        for type in ["text/html", "application/octet-stream", nil] {
            let reply = try talk.success().with(status: "3").encoded()
            #expect(
                try await submit(try script("AES\nPOSTPKIOperation", .answer(200, reply, type: type))).0 == .pending)
        }
    }

    @Test func `Which faults leave a request that may have arrived is told`() {
        let arrived: [TransportFaultCode] = [.timedOut, .connectionLost, .tooLarge, .malformedAnswer, .cancelled]
        let not: [TransportFaultCode] = [.nameNotResolved, .notConnected, .tlsRefused, .timedOutBeforeSending, .badURL]
        #expect(arrived.filter(\.requestMayHaveArrived) == arrived)
        #expect(not.filter(\.requestMayHaveArrived).isEmpty)
    }
}
