import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// The authority that follows, and what it issues ahead of its day (RFC 8894 §5.1).
@Suite struct SuccessorTests {
    private let pki: PKI
    private let begins = TestTime.now + 30 * 86_400

    init() throws { pki = try PKI() }

    private func next(from begin: Date? = nil) throws -> TestIdentity {
        try CertificateOrder.authority("CN=Next Issuing CA", key: .other, issuer: pki.root).with {
            $0.serial = 77
            $0.notBefore = begin ?? begins
            $0.notAfter = TestTime.end + 400 * 86_400
        }.issue()
    }

    private func successor(_ next: [TestIdentity], pins: [TestIdentity]) async throws -> Authority {
        let exchange = SCEPExchange(
            server: try ServerURL("http://pki.example/scep"), transport: ScriptedTransport(),
            cryptography: OpenSSL(),
            policy: pki.policy { $0.caFingerprints += pins.map { OpenSSL().sha256($0.certificate.der) } })
        return try exchange.successor(
            of: try await pki.discover([pki.issuing]), among: next.map(\.certificate), now: TestTime.now)
    }

    @Test func `one that root's files name is asked as of the day on which it begins`() async throws {
        let next = try next()
        let found = try await successor([next], pins: [next])
        #expect(found.begins == begins && found.recipient == next.certificate)
        #expect(found.issuers.contains(next.certificate))
        // The present one may sign in its stead.
        #expect(found.signers.contains(pki.issuing.certificate))
    }

    @Test func `one that they do not name is not`() async throws {
        let next = try next()
        #expect(await refusal { _ = try await successor([next], pins: []) }?.code == .caNotPinned)
    }

    @Test func `what it issues is used once it and its CA are valid`() async throws {
        let next = try next()
        let authority = try await successor([next], pins: [next])
        for (leaf, used) in [(begins, begins), (TestTime.now, begins), (begins + 60, begins + 60)] {
            #expect(try await issued(by: next, from: leaf, authority, currentEnds: begins + 3600)?.usedFrom == used)
        }
        // At the latest when what it renews has ended.
        #expect(try await issued(by: next, from: begins + 3600, authority, currentEnds: begins + 3600) != nil)
        #expect(try await issued(by: next, from: begins + 7200, authority, currentEnds: begins + 3600) == nil)
    }

    @Test func `what has begun already is used at once`() async throws {
        let next = try next(from: TestTime.now - 86_400)
        let authority = try await successor([next], pins: [next])
        let end = TestTime.now + 86_400
        let used = try #require(try await issued(by: next, from: TestTime.now - 60, authority, currentEnds: end))
        #expect(used.usedFrom == nil)
    }

    @Test func `nothing that begins later is taken from the present CA`() async throws {
        let authority = try await pki.discover([pki.issuing])
        #expect(try await issued(by: pki.issuing, from: begins, authority, currentEnds: begins + 3600) == nil)
    }

    @Test func `what the present CA issues in its stead is used at once`() async throws {
        let next = try next()
        let authority = try await successor([next], pins: [next])
        let used = try #require(
            try await issued(by: pki.issuing, from: TestTime.now - 60, authority, currentEnds: begins + 3600))
        #expect(used.usedFrom == nil)
    }

    @Test func `it is asked where the present CA gains little, and in time`() async throws {
        let present = try await pki.discover([pki.issuing])
        let end = pki.issuing.certificate.notAfter
        func isBetter(cutBy gap: TimeInterval, begins early: TimeInterval) async throws -> Bool {
            let next = try next(from: end - early)
            let place = try CertificateOrder("CN=d", key: .device, issuer: pki.issuing).with {
                $0.notBefore = end - gap - 100 * 86_400
                $0.notAfter = end - gap
            }.issue().certificate
            return try await successor([next], pins: [next]).isBetter(than: present, toRenew: place)
        }
        #expect(try await isBetter(cutBy: 0, begins: 86_400))
        #expect(try await isBetter(cutBy: 9 * 86_400, begins: 10 * 86_400))
        #expect(try await !isBetter(cutBy: 11 * 86_400, begins: 12 * 86_400))
        // Nobody is without one in between, unless the present CA has nothing more to give.
        #expect(try await !isBetter(cutBy: 9 * 86_400, begins: 8 * 86_400))
        #expect(try await isBetter(cutBy: 0, begins: -86_400))
    }

    // MARK: parts

    /// The certificate that a reply of this authority's brought; nil where it is not current.
    private func issued(
        by issuer: TestIdentity, from begin: Date, _ authority: Authority, currentEnds: Date
    ) async throws -> IssuedCertificate? {
        var talk = try Conversation()
        talk.asked = authority
        talk.current = try pki.device { $0.notAfter = currentEnds }.certificate
        let leaf = try pki.device {
            $0.serial = 101
            $0.issuer = issuer
            $0.notBefore = begin
            $0.notAfter = begin + 100 * 86_400
        }
        do {
            return try await talk.issued(talk.success([leaf]).with { $0.signer = pki.issuing })
        } catch let fault as SCEPFault {
            #expect(fault.code == .certificateNotCurrent)
            return nil
        }
    }
}
