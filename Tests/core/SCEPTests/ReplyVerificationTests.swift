import Faults
import FoundationEssentials
import SCEP
import Secrets
import TestPKI
import Testing
import X509

/// A CertRep from its outermost byte to its verdict: V-01 to V-13.
@Suite struct ReplyVerificationTests {
    private let talk: Conversation

    init() throws { talk = try Conversation() }

    @Test func `A certificate comes with its chain and its root`() async throws {
        let (verdict, weaknesses) = try await talk.verify(try talk.success().encoded())
        let device = try talk.pki.device().certificate
        #expect(
            verdict
                == .issued(
                    IssuedCertificate(
                        leaf: device, chain: [talk.pki.issuing.certificate], root: talk.pki.root.certificate)))
        #expect(weaknesses.isEmpty)
    }

    @Test func `BER, a CA that signs itself, and no embedded certificate are as good (N-33, N-51)`() async throws {
        let reply = try talk.success()
        #expect(try await talk.issued(reply.with { $0.isStreamed = true }) != nil)
        #expect(try await talk.issued(reply.with { $0.signer = talk.pki.issuing }) != nil)
        #expect(try await talk.issued(reply.with { $0.embedsSigner = false }) != nil)
        for cipher in ["AES-192-CBC", "AES-256-CBC"] {
            #expect(try await talk.issued(reply.with { $0.cipher = cipher }) != nil)
        }
        for digest in ["SHA384", "SHA512"] {
            #expect(try await talk.issued(reply.with { $0.digest = digest }) != nil)
        }
    }

    @Test func `3DES and SHA-1 are reported, or refused where root asks for RFC 8894 (N-37, N-63)`() async throws {
        var strict = talk
        strict.security = .rfc8894
        let tripleDES = try talk.success().with { $0.cipher = "DES-EDE3-CBC" }
        #expect(try await talk.verify(try tripleDES.encoded()).1 == [.cipher(.tripleDESCBC)])
        #expect(try await strict.refusal(tripleDES) == .weakAlgorithm)
        let sha1 = try talk.success().with { $0.digest = "SHA1" }
        #expect(try await talk.verify(try sha1.encoded()).1 == [.digest(.sha1)])
        #expect(try await strict.refusal(sha1) == .weakAlgorithm)
        #expect(try await strict.refusal(sha1.with(status: "3")) == .weakAlgorithm)
        #expect(try await talk.refusal(try talk.success().with { $0.digest = "MD5" }) == .malformedReply)
    }

    // MARK: who signed

    @Test func `A reply that another enrolled device signed is refused (N-31)`() async throws {
        let insider = try talk.pki.device("CN=evil", key: .other)
        for reply in [
            try talk.success(), try talk.success().with(status: "2", failInfo: "2"),
            try talk.success().with(status: "3"),
        ] {
            #expect(try await talk.refusal(reply.with { $0.signer = insider }) == .untrustedSigner)
        }
    }

    @Test func `So is one by a key that borrows the RA's issuer and serial (N-32)`() async throws {
        let forged = try talk.pki.registration { $0.key = .other }
        #expect(try await talk.refusal(try talk.success().with { $0.signer = forged }) == .untrustedSigner)
        #expect(
            try await talk.refusal(
                try talk.success().with {
                    $0.signer = forged
                    $0.embedsSigner = false
                }) == .untrustedSigner)
    }

    @Test func `So is one without signed attributes, or with none of SCEP's (N-36, N-39)`() async throws {
        #expect(try await talk.refusal(try talk.success().with { $0.hasAttributes = false }) == .malformedReply)
        let bare = try talk.success().with {
            $0.messageType = nil
            $0.status = nil
        }
        #expect(try await talk.refusal(bare) == .wrongMessageType)
    }

    @Test func `A signer that has ended since is refused (N-53)`() async throws {
        let after = TestTime.end.addingTimeInterval(1)
        #expect(try await talk.refusal(try talk.success(), now: after) == .authorityExpired)
        let before = TestTime.begin.addingTimeInterval(-601)
        #expect(try await talk.refusal(try talk.success(), now: before) == .authorityExpired)
    }

    // MARK: what it answers

    @Test(arguments: ["19", "", " 3", "03", "3 ", "17", "20", nil])
    func `Only a CertRep is a reply (N-38)`(type: String?) async throws {
        let code = try await talk.refusal(try talk.success().with { $0.messageType = type })
        #expect(code == .wrongMessageType || (type?.isEmpty == true && code == .malformedReply))
    }

    @Test func `The transaction is ours to the letter (N-40)`() async throws {
        let ours = talk.transaction.description
        for other in [nil, String(ours.dropLast()), ours + "x", ours.lowercased(), String(repeating: "0", count: 32)] {
            let reply = try talk.success().with { $0.transaction = other }
            #expect(try await talk.refusal(reply) == .transactionMismatch)
            #expect(try await talk.refusal(reply.with(status: "2", failInfo: "2")) == .transactionMismatch)
        }
    }

    @Test func `The nonce is ours to the bit (N-41, N-42, Q-63)`() async throws {
        var flipped = talk.nonce
        flipped[15] ^= 1
        let told: [([UInt8]?, String)] = [
            (nil, "none"), ([], "another, of 0 bytes"), (flipped, "another, of 16 bytes"),
            (Array(talk.nonce.dropLast(8)), "its first 8 bytes alone"), (talk.nonce + [0], "another, of 17 bytes"),
        ]
        for (other, got) in told {
            let reply = try talk.success().with { $0.nonce = other }
            let fault = await #expect(throws: SCEPFault.self) { try await talk.verdict(reply) }
            #expect(fault?.code == .nonceMismatch)
            #expect(fault?.got?.hasPrefix(got) == true)
        }
        #expect(try await talk.refusal(try talk.success().with { $0.nonce = nil }.with(status: "3")) == .nonceMismatch)
    }

    @Test(arguments: ["1", "4", "00", "-1", nil])
    func `Only three statuses exist (N-44)`(status: String?) async throws {
        #expect(try await talk.refusal(try talk.success().with { $0.status = status }) == .badStatus)
    }

    @Test func `PENDING and FAILURE are verdicts, whatever content they carry (N-46, N-47)`() async throws {
        let success = try talk.success()
        for content in [nil, [], [0]] as [[UInt8]?] {
            let pending = success.with {
                $0.status = "3"
                $0.content = .some(content)
            }
            #expect(try await talk.verdict(pending) == .pending)
            let failure = success.with {
                $0.status = "2"
                $0.failInfo = "1"
                $0.content = .some(content)
            }
            #expect(try await talk.verdict(failure) == .refused(.badMessageCheck, text: nil))
        }
        #expect(try await talk.verdict(success.with { $0.status = "3" }) == .pending)
        #expect(
            try await talk.verdict(
                success.with {
                    $0.status = "2"
                    $0.failInfo = "4"
                }) == .refused(.badCertId, text: nil))
    }

    @Test(arguments: ["9", "12", "x", nil])
    func `A FAILURE of an unknown kind is a FAILURE (N-45)`(info: String?) async throws {
        let verdict = try await talk.verdict(try talk.success().with(status: "2", failInfo: info))
        #expect(verdict == .refused(info.map(FailInfo.init), text: nil))
    }

    @Test func `The server's own words are passed on, without what a terminal would obey (N-48)`() async throws {
        let reply = try talk.success().with(status: "2", failInfo: "2").with {
            $0.text = "no\u{1B}[31m \n" + String(repeating: "long ", count: 1000)
        }
        guard case .refused(.badRequest, let text?) = try await talk.verdict(reply) else {
            Issue.record("no text")
            return
        }
        #expect(text.count <= 200)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }

    @Test func `SUCCESS without content is none (N-66)`() async throws {
        for content in [nil, []] as [[UInt8]?] {
            #expect(try await talk.refusal(try talk.success().with { $0.content = .some(content) }) == .badStatus)
        }
    }

    // MARK: the envelope

    @Test func `An envelope for somebody else does not open (N-60)`() async throws {
        let other = try talk.pki.device("CN=other", key: .other).certificate
        #expect(try await talk.refusal(try talk.success().with { $0.recipient = other }) == .undecipherable)
        // Named as ours, and wrapped for another key.
        let borrowed = try CertificateOrder("CN=device", key: .other).issue().certificate
        #expect(try await talk.refusal(try talk.success().with { $0.recipient = borrowed }) == .undecipherable)
    }

    @Test func `Certificates without an envelope, and an envelope without certificates, are refused (N-64, N-68)`()
        async throws
    {
        let bundle = try TestMessage.degenerate([try talk.pki.device().certificate])
        #expect(try await talk.refusal(try talk.success().with { $0.content = bundle }) == .undecipherable)
        for plain in [[], [1, 2, 3], try talk.pki.device().certificate.der, bundle + [0]] as [[UInt8]] {
            let envelope = try TestEnvelope(plain, for: talk.signer.certificate).encoded()
            #expect(try await talk.refusal(try talk.success().with { $0.content = envelope }) == .undecipherable)
        }
    }

    // MARK: under the challenge

    @Test func `A reply under the challenge is opened where that was agreed, and nowhere else (N-65)`() async throws {
        let challenge = "correct horse battery"
        let reply = try talk.success().with { $0.password = challenge }
        #expect(try await talk.refusal(reply) == .undecipherable)
        var agreed = talk
        agreed.password = Secret(challenge)
        #expect(try await agreed.issued(reply) != nil)
        // One to the signer is as good.
        #expect(try await agreed.issued(talk.success()) != nil)
        agreed.password = Secret("another horse battery")
        #expect(try await agreed.refusal(reply) == .undecipherable)
    }

    // MARK: damage

    @Test func `A reply cut short anywhere is refused (N-52)`() async throws {
        let body = try talk.success().encoded()
        for count in stride(from: 0, to: body.count, by: 13) {
            await #expect(throws: SCEPFault.self) { try await talk.verify(Array(body.prefix(count))) }
        }
        await #expect(throws: SCEPFault.self) { try await talk.verify(body + [0]) }
    }

    @Test func `A bit that is turned anywhere is refused or changes nothing (N-30)`() async throws {
        let body = try talk.success().encoded()
        let right = try await talk.verify(body).0
        var refused = 0
        for position in stride(from: 3, to: body.count, by: 29) {
            var damaged = body
            damaged[position] ^= 0x04
            guard let verdict = try? await talk.verify(damaged).0 else {
                refused += 1
                continue
            }
            // Only the embedded certificate, which nobody believes, can have been hit.
            #expect(verdict == right)
        }
        #expect(refused > 40)
    }
}
