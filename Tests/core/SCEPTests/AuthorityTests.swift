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

    private func discover(
        _ offered: [TestIdentity], _ policy: ServerPolicy? = nil, url: String = "http://pki.example/scep",
        overTLS chain: [TestIdentity] = []
    ) async throws -> Authority {
        let transport = ScriptedTransport(
            .text("POSTPKIOperation\nAES\nSHA-256"),
            try .certificates(offered.map(\.certificate), overTLS: chain.map(\.certificate)))
        let exchange = SCEPExchange(
            server: try ServerURL(url), transport: transport, cryptography: OpenSSL(), policy: policy ?? pki.policy())
        return try await exchange.discover(now: now)
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
        #expect(await refused([early], pins)?.code == .authorityExpired)
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

    @Test func `An elliptic, short or odd key is nothing to encrypt to (N-18)`() async throws {
        for key in [TestKey.elliptic, .weak] {
            let authority = try CertificateOrder.authority("CN=Small", key: key).issue()
            let fault = await refused([authority], ServerPolicy(caFingerprints: [authority.fingerprint]))
            #expect(fault?.code == .unsupportedRecipientKey)
        }
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
    }

    // MARK: registration authorities

    @Test func `An RA is taken for its extended key usage`() async throws {
        for usage in ["1.3.6.1.5.5.7.3.28", "1.3.6.1.4.1.311.20.2.1"] {
            let ra = try pki.registration { $0.extendedKeyUsage = usage }
            let authority = try await discover([ra, pki.issuing])
            #expect(authority.recipient == ra.certificate)
            #expect(Set(authority.signers) == [ra.certificate, pki.issuing.certificate])
            #expect(authority.issuer == pki.issuing.certificate)
        }
    }

    @Test func `An insider's certificate is refused as RA, with the line that would admit it (N-12)`() async throws {
        for usage in ["clientAuth", "serverAuth,clientAuth,emailProtection", nil] {
            let insider = try pki.device("CN=evil", key: .other) { $0.extendedKeyUsage = usage }
            let fault = await refused([insider, pki.issuing])
            #expect(fault?.code == .raNotAuthorised)
            #expect(fault?.expected?.hasSuffix("ra-fingerprint = [\"\(insider.fingerprintText)\"]") == true)
            #expect(fault.map { "\($0)" }?.contains("CN=evil") == true)
        }
    }

    @Test func `It is taken once root names its fingerprint`() async throws {
        let ra = try pki.registration { $0.extendedKeyUsage = nil }
        let authority = try await discover([ra, pki.issuing], pki.policy { $0.raFingerprints = [ra.fingerprint] })
        #expect(authority.recipient == ra.certificate)
    }

    @Test func `An insider beside a real RA gains nothing`() async throws {
        let ra = try pki.registration()
        let insider = try pki.device("CN=evil", key: .other) { $0.notBefore = now.addingTimeInterval(-60) }
        let authority = try await discover([insider, ra, pki.issuing])
        #expect(authority.recipient == ra.certificate)
        #expect(!authority.signers.contains(insider.certificate))
    }

    @Test func `An RA of another CA is refused, even if that CA comes along (N-11)`() async throws {
        let second = try CertificateOrder.authority("CN=Second", key: .other).issue()
        let ra = try pki.registration { $0.issuer = second }
        #expect(await refused([ra, pki.issuing, second])?.code == .raNotIssuedByCA)
        // A name that is borrowed does not help, and neither does signing for itself (N-14).
        let borrowed = try CertificateOrder.authority("CN=Test Issuing CA", key: .other).issue()
        #expect(await refused([try pki.registration { $0.issuer = borrowed }, pki.issuing])?.code == .raNotIssuedByCA)
        let alone = try pki.registration {
            $0.issuer = nil
            $0.subject = "CN=Test Issuing CA"
        }
        #expect(await refused([alone, pki.issuing])?.code == .raNotIssuedByCA)
        // Not even its fingerprint admits an RA that the CA did not issue.
        #expect(
            await refused([ra, pki.issuing], pki.policy { $0.raFingerprints = [ra.fingerprint] })?.code
                == .raNotIssuedByCA)
    }

    @Test func `An RA that has ended is refused, unless its successor is there (N-13)`() async throws {
        let ended = try pki.registration { $0.notAfter = now.addingTimeInterval(-1) }
        let early = try pki.registration { $0.notBefore = now.addingTimeInterval(3600) }
        #expect(await refused([ended, pki.issuing])?.code == .authorityExpired)
        #expect(await refused([early, pki.issuing])?.code == .authorityExpired)
        let next = try pki.registration {
            $0.key = .other
            $0.serial = 51
        }
        let authority = try await discover([ended, next, pki.issuing])
        #expect(authority.recipient == next.certificate)
        #expect(!authority.signers.contains(ended.certificate))
    }

    @Test func `Signing and encryption may have an RA each, in any order`() async throws {
        let signing = try pki.registration { $0.keyUsage = "critical,digitalSignature" }
        let encryption = try pki.registration {
            $0.key = .other
            $0.serial = 51
            $0.keyUsage = "critical,keyEncipherment"
        }
        for offered in [[signing, encryption, pki.issuing, pki.root], [pki.issuing, encryption, signing]] {
            let authority = try await discover(offered)
            #expect(authority.recipient == encryption.certificate)
            #expect(Set(authority.signers) == [signing.certificate, pki.issuing.certificate])
        }
    }

    @Test func `One for encryption alone is taken before one for both, and a newer before an older`() async throws {
        let both = try pki.registration()
        let alone = try pki.registration {
            $0.serial = 51
            $0.keyUsage = "critical,keyEncipherment"
        }
        let newer = try pki.registration {
            $0.serial = 52
            $0.keyUsage = "critical,keyEncipherment"
            $0.notBefore = now.addingTimeInterval(-60)
        }
        #expect(try await discover([both, alone, pki.issuing]).recipient == alone.certificate)
        #expect(try await discover([newer, alone, both, pki.issuing]).recipient == newer.certificate)
    }

    @Test func `An elliptic RA signs beside one with RSA that is encrypted to`() async throws {
        let elliptic = try pki.registration {
            $0.key = .elliptic
            $0.serial = 51
            $0.keyUsage = nil
            $0.notBefore = now.addingTimeInterval(-60)
        }
        let ra = try pki.registration()
        let authority = try await discover([elliptic, ra, pki.issuing])
        #expect(authority.recipient == ra.certificate)
        #expect(authority.signers.contains(elliptic.certificate))
        #expect(await refused([elliptic, pki.issuing])?.code == .unsupportedRecipientKey)
    }

    @Test func `A single RA without a fitting usage is used all the same; of several none is (N-13)`() async throws {
        let unfit = try pki.registration { $0.keyUsage = "critical,keyAgreement" }
        #expect(try await discover([unfit, pki.issuing]).recipient == unfit.certificate)
        let another = try pki.registration {
            $0.keyUsage = "critical,keyAgreement"
            $0.serial = 51
        }
        #expect(await refused([unfit, another, pki.issuing])?.code == .unsupportedRecipientKey)
    }
}
