import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

/// Whom a GetCACert answer makes the agent believe.
@Suite struct AuthorityTests {
    private let pki: PKI
    private let now = TestTime.now

    init() throws { pki = try PKI() }

    private func discover(_ offered: [TestIdentity], _ policy: ServerPolicy? = nil) async throws -> Authority {
        try await pki.discover(offered, policy, now: now)
    }

    private func refused(_ offered: [TestIdentity], _ policy: ServerPolicy? = nil) async -> SCEPFault? {
        await refusal { _ = try await discover(offered, policy) }
    }

    // MARK: the pinned CA

    @Test func `A CA alone signs, is encrypted to, and issues`() async throws {
        let authority = try await discover([pki.issuing])
        #expect(authority.issuers == [pki.issuing.certificate])
        #expect(authority.recipient == pki.issuing.certificate)
        #expect(authority.signers == [pki.issuing.certificate])
        #expect(authority.issuer == pki.issuing.certificate)
        #expect(authority.identity == [String(pki.issuing.fingerprintText.dropFirst(7))])
    }

    @Test func `A CA with another fingerprint is refused, and its fingerprint named (N-10)`() async throws {
        let false_ = try CertificateOrder.authority("CN=Test Issuing CA", key: .other).issue()
        let fault = await refused([false_])
        #expect(fault?.code == .caNotPinned)
        #expect(fault?.got?.contains(false_.fingerprintText) == true)
        // Not even where root's own files hold the right one.
        let named = pki.policy { $0.namedCertificates = [pki.issuing.certificate] }
        #expect(await refused([false_], named)?.code == .caNotPinned)
    }

    @Test func `Nothing but strangers is no CA`() async throws {
        let stranger = try CertificateOrder("CN=x", key: .other).issue()
        #expect(await refused([stranger])?.code == .caNotPinned)
    }

    @Test func `Any CA will do where root said so, and only a CA`() async throws {
        let anyCA = ServerPolicy(caFingerprints: [], allowUnpinnedCA: true)
        #expect(try await discover([pki.issuing], anyCA).recipient == pki.issuing.certificate)
        #expect(await refused([try pki.device()], anyCA)?.code == .caNotPinned)
        // A pin beside it still counts.
        let pinned = pki.policy { $0.allowUnpinnedCA = true }
        #expect(
            await refused([try CertificateOrder.authority("CN=y", key: .other).issue()], pinned)?.code == .caNotPinned)
    }

    @Test func `A CA that has ended is refused, unless its successor is pinned too (N-15)`() async throws {
        let old = try CertificateOrder.authority("CN=Old", key: .authority)
            .with { $0.notAfter = now.addingTimeInterval(-1) }.issue()
        let early = try CertificateOrder.authority("CN=Next", key: .other)
            .with { $0.notBefore = now.addingTimeInterval(86_400) }.issue()
        let pins = ServerPolicy(caFingerprints: [old, early, pki.issuing].map(\.fingerprint))
        #expect(await refused([old], pins)?.code == .authorityExpired)
        // One that is there in its place is named, for whoever has to decide on it.
        let other = try await #require(refused([old, pki.root], pins))
        #expect(other.code == .authorityExpired)
        #expect(other.expected?.hasSuffix("in the line ca-fingerprint: \"\(pki.root.fingerprintText)\"") == true)
        // Nobody is given one that has yet to begin: the clock is behind.
        #expect(await refused([early], pins)?.code == .clockWrong)
        let authority = try await discover([old, early, pki.issuing], pins)
        #expect(authority.issuers == [pki.issuing.certificate])
    }

    @Test func `Requests go to a CA that the server has, not to one that only root's files hold`() async throws {
        let next = try CertificateOrder.authority("CN=Next", key: .other)
            .with { $0.notBefore = now.addingTimeInterval(-60) }.issue()
        let policy = ServerPolicy(
            caFingerprints: [pki.issuing.fingerprint, next.fingerprint], namedCertificates: [next.certificate])
        #expect(try await discover([pki.issuing], policy).recipient == pki.issuing.certificate)
        #expect(try await discover([pki.issuing, next], policy).recipient == next.certificate)
    }

    @Test func `A CA that is missing because it cannot be read is refused with the reason`() async throws {
        let unread = try CertificateOrder.authority("CN=Old", key: .other, issuer: pki.root)
            .with { $0.isVersion1 = true }.der()
        let exchange = SCEPExchange(
            server: try ServerURL("http://pki.example/"),
            transport: ScriptedTransport(
                .answer(404), .answer(200, CMSForgery.bundle([unread, try pki.registration().certificate.der]))),
            cryptography: OpenSSL(), policy: ServerPolicy(caFingerprints: [OpenSSL().sha256(unread)]))
        let fault = await refusal { _ = try await exchange.discover(now: now) }
        #expect(fault?.code == .caNotPinned)
        #expect((fault?.cause as? X509Fault)?.code == .unexpectedValue)
    }

    @Test func `Of several pinned CAs one is taken that can be encrypted to`() async throws {
        let elliptic = try CertificateOrder.authority("CN=Curve", key: .elliptic)
            .with { $0.notBefore = now.addingTimeInterval(-60) }.issue()
        let policy = ServerPolicy(caFingerprints: [pki.issuing.fingerprint, elliptic.fingerprint])
        #expect(try await discover([elliptic, pki.issuing], policy).recipient == pki.issuing.certificate)
    }

    @Test func `Where root names an RA, one that is left out lowers nothing to the challenge`() async throws {
        let authority = try CertificateOrder.authority("CN=Curve", key: .elliptic).issue()
        let signing = try CertificateOrder("CN=RA", key: .elliptic, issuer: authority)
            .with { $0.keyUsage = "critical,digitalSignature" }.issue()
        func discover(naming registration: [[UInt8]]) async throws -> Authority {
            let offered = registration.contains(signing.fingerprint) ? [authority, signing] : [authority]
            return try await SCEPExchange(
                server: try ServerURL("http://pki.example/"),
                transport: ScriptedTransport(.text("SCEPStandard"), .certificates(offered.map(\.certificate))),
                cryptography: OpenSSL(),
                policy: ServerPolicy(caFingerprints: [authority.fingerprint], raFingerprints: registration)
            ).discover(now: now)
        }
        #expect(try await discover(naming: []).needsPassword)
        for named in [[pki.root], [signing, pki.root]] {
            let fault = await refusal { _ = try await discover(naming: named.map(\.fingerprint)) }
            #expect(fault?.code == .unsupportedRecipientKey)
            #expect(fault?.expected?.contains("ra-fingerprint") == true)
        }
        #expect(try await discover(naming: [signing.fingerprint]).needsPassword)
    }

    @Test func `An elliptic, short or odd key is nothing to encrypt to (N-18)`() async throws {
        for key in [TestKey.elliptic, .weak] {
            let authority = try CertificateOrder.authority("CN=Small", key: key).issue()
            let fault = await refused([authority], ServerPolicy(caFingerprints: [authority.fingerprint]))
            #expect(fault?.code == .unsupportedRecipientKey)
        }
    }

    @Test(arguments: ["SCEPStandard", "AES\nSCEPStandard\nRenewal"])
    func `Where a server keeps to the RFC, an elliptic key has requests come under the challenge (N-18)`(
        capabilities: String
    ) async throws {
        let authority = try CertificateOrder.authority("CN=Curve", key: .elliptic).issue()
        func discover(_ offered: [TestIdentity]) async throws -> Authority {
            try await SCEPExchange(
                server: try ServerURL("http://pki.example/"),
                transport: ScriptedTransport(.text(capabilities), .certificates(offered.map(\.certificate))),
                cryptography: OpenSSL(), policy: ServerPolicy(caFingerprints: [authority.fingerprint])
            ).discover(now: now)
        }
        let found = try await discover([authority])
        #expect(found.needsPassword && found.issuer == authority.certificate)
        func registration(_ serial: UInt64, _ key: TestKey, _ usage: String) throws -> TestIdentity {
            try CertificateOrder("CN=RA", key: key, issuer: authority).with {
                ($0.serial, $0.extendedKeyUsage, $0.keyUsage) = (serial, "1.3.6.1.5.5.7.3.28", usage)
            }.issue()
        }
        let signing = try registration(2, .elliptic, "critical,digitalSignature")
        #expect(try await discover([signing, authority]).needsPassword)
        // With an RSA key anywhere, that one is encrypted to.
        let opening = try registration(3, .registration, "critical,keyEncipherment")
        let both = try await discover([signing, opening, authority])
        #expect(!both.needsPassword && both.recipient == opening.certificate)
    }

    // MARK: below a pinned root

    @Test func `A pinned root admits an issuing CA only if that is pinned or named`() async throws {
        let root = ServerPolicy(caFingerprints: [pki.root.fingerprint])
        let fault = await refused([pki.root, pki.issuing], root)
        #expect(fault?.code == .issuingCANotAdmitted)
        #expect(fault?.got == "\"\(pki.issuing.fingerprintText)\"")

        var named = root
        named.namedCertificates = [pki.issuing.certificate]
        #expect(try await discover([pki.root, pki.issuing], named).recipient == pki.issuing.certificate)
        let both = ServerPolicy(caFingerprints: [pki.root.fingerprint, pki.issuing.fingerprint])
        #expect(try await discover([pki.root, pki.issuing], both).recipient == pki.issuing.certificate)
    }

    @Test func `A new CA beside the one that is named is passed over, not trusted`() async throws {
        let second = try CertificateOrder.authority("CN=Second", key: .other, issuer: pki.root).issue()
        let policy = ServerPolicy(
            caFingerprints: [pki.root.fingerprint], namedCertificates: [pki.issuing.certificate])
        let authority = try await discover([pki.root, pki.issuing, second], policy)
        #expect(!authority.issuers.contains(second.certificate))
        #expect(!authority.signers.contains(second.certificate))
        #expect(authority.recipient == pki.issuing.certificate)
    }

    @Test func `One that replaces a named CA is refused, with the line that admits it`() async throws {
        let new = try CertificateOrder.authority("CN=Test Issuing CA", key: .other, issuer: pki.root).issue()
        let policy = ServerPolicy(
            caFingerprints: [pki.root.fingerprint], namedCertificates: [pki.issuing.certificate])
        for offered in [[pki.root, new], [new, pki.root]] {
            let fault = await refused(offered, policy)
            #expect(fault?.code == .issuingCANotAdmitted)
            #expect(fault?.got == "\"\(new.fingerprintText)\"")
        }
        // The one that is named may stay away, as long as something of its is there.
        #expect(try await discover([pki.root, pki.registration()], policy).issuer == pki.issuing.certificate)
    }

    @Test func `A named CA that has ended is said to have ended (N-15)`() async throws {
        let ended = try CertificateOrder.authority("CN=Ended", key: .issuing, issuer: pki.root)
            .with { $0.notAfter = now.addingTimeInterval(-1) }.issue()
        let policy = ServerPolicy(caFingerprints: [pki.root.fingerprint], namedCertificates: [ended.certificate])
        #expect(await refused([pki.root, ended], policy)?.code == .authorityExpired)
    }

    @Test func `A root that was made anew with the same key is not below itself`() async throws {
        let again = try CertificateOrder.authority().with { $0.serial = 9 }.issue()
        let authority = try await discover([pki.root, again], ServerPolicy(caFingerprints: [pki.root.fingerprint]))
        #expect(authority.recipient == pki.root.certificate)
        #expect(authority.issuers == [pki.root.certificate])
        // Nor is it the same one, to be encrypted to as if the server had that.
        let named = ServerPolicy(caFingerprints: [pki.root.fingerprint], namedCertificates: [pki.root.certificate])
        let fault = await refused([again], named)
        #expect(fault?.code == .caNotPinned)
        #expect(fault?.got?.contains(again.fingerprintText) == true)
    }
}
