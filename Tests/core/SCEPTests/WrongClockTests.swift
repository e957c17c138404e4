import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// What does not fit this machine's time while the server says another is the clock's fault, not the PKI's.
@Suite struct WrongClockTests {
    private let talk: Conversation
    private let now = TestTime.now
    private let hour = 3600.0
    private let day = 86_400.0

    init() throws { talk = try Conversation() }

    /// Discovers a server whose clock says `date`.
    private func discover(_ offered: [TestIdentity], serverTime date: Date?, now: Date) async throws -> Authority {
        let answer = try ScriptedTransport.Answer.certificates(offered.map(\.certificate))
        let transport = ScriptedTransport(.text("AES"), date.map { answer.at($0) } ?? answer)
        return try await SCEPExchange(
            server: try ServerURL("http://pki.example/scep"), transport: transport, cryptography: OpenSSL(),
            policy: talk.pki.policy()
        ).discover(now: now)
    }

    @Test func `1970: the pinned CA has yet to begin, whatever the server says`() async throws {
        for date in [nil, now, Date(timeIntervalSince1970: 60)] {
            let fault = await refusal {
                _ = try await discover([talk.pki.issuing], serverTime: date, now: Date(timeIntervalSince1970: 60))
            }
            #expect(fault?.code == .clockWrong)
            #expect(fault?.got == "1970-01-01 00:01:00 +0000")
        }
    }

    @Test func `A CA or RA that has ended by one clock and not by the other`() async throws {
        let after = TestTime.end + 400 * day
        let early = try talk.pki.registration { $0.notBefore = now.addingTimeInterval(2 * hour) }
        let cases: [([TestIdentity], Date, Date?, SCEPFaultCode)] = [
            ([talk.pki.issuing], after, now, .clockWrong), ([talk.pki.issuing], after, nil, .authorityExpired),
            ([talk.pki.issuing], after, after, .authorityExpired),
            ([early, talk.pki.issuing], now, now + 3 * hour, .clockWrong),
            ([early, talk.pki.issuing], now, now, .authorityExpired),
        ]
        for (offered, time, server, code) in cases {
            let fault = await refusal { _ = try await discover(offered, serverTime: server, now: time) }
            #expect(fault?.code == code)
        }
    }

    @Test func `A certificate that seems to have ended, or has yet to begin`() async throws {
        let exchange = { (server: Date?, now: Date) async -> SCEPFault? in
            await refusal {
                let reply = ScriptedTransport.Answer.answer(200, try talk.success().encoded())
                let offered = [talk.registration.certificate, talk.pki.issuing.certificate]
                let transport = ScriptedTransport(
                    .text("POSTPKIOperation"), try .certificates(offered), server.map { reply.at($0) } ?? reply)
                let exchange = SCEPExchange(
                    server: try ServerURL("http://pki.example/scep"), transport: transport, cryptography: OpenSSL(),
                    policy: talk.pki.policy())
                let authority = try await exchange.discover(now: TestTime.now)
                let message = PKIMessage(
                    der: [0x30, 0], type: .pkcsReq, transaction: talk.transaction, senderNonce: talk.nonce)
                _ = try await exchange.submit(
                    Expectation(
                        message: message, signer: talk.signer, publicKeyInfo: talk.signer.certificate.publicKeyInfo,
                        subject: talk.subject, current: nil), to: authority, now: now)
            }
        }
        #expect(await exchange(now, now) == nil)
        let behind = TestTime.begin - hour
        #expect(await exchange(now, behind)?.code == .clockWrong)
        #expect(await exchange(behind, behind)?.code != .clockWrong)
        #expect(await exchange(nil, behind)?.code != .clockWrong)
        // What fails for another reason stays what it is.
        #expect(await exchange(now - 400 * day, now) == nil)
    }

    @Test func `A challenge is sent by a clock that agrees with the server's, within a day`() async throws {
        let differences = [0.0, day, -day, day + 1, -400 * day]
        for (difference, isCredible) in zip(differences, [true, true, true, false, false]) {
            let time = now.addingTimeInterval(difference)
            let authority = try await discover([talk.pki.issuing], serverTime: time, now: now)
            #expect(isRefused(authority) == !isCredible, "\(difference) s")
        }
        #expect(!isRefused(try await discover([talk.pki.issuing], serverTime: nil, now: now)))
    }

    private func isRefused(_ authority: Authority) -> Bool {
        do {
            try authority.requireCredibleClock()
            return false
        } catch ExchangeFailure.untrusted(let fault) {
            return fault.code == .clockWrong
        } catch {
            return false
        }
    }
}
