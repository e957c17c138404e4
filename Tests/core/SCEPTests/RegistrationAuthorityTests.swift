import Faults
import FoundationEssentials
import SCEP
import TestPKI
import Testing
import X509

/// Which certificates beside the CA's a request may be encrypted to, and a reply signed by (V-06).
@Suite struct RegistrationAuthorityTests {
    private let pki: PKI
    private let now = TestTime.now

    init() throws { pki = try PKI() }

    private func discover(_ offered: [TestIdentity], _ policy: ServerPolicy? = nil) async throws -> Authority {
        try await pki.discover(offered, policy, now: now)
    }

    private func refused(_ offered: [TestIdentity], _ policy: ServerPolicy? = nil) async -> SCEPFault? {
        await refusal { _ = try await discover(offered, policy) }
    }

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
        let fault = await refused([ra, pki.issuing, second])
        #expect(fault?.code == .raNotIssuedByCA)
        #expect(fault?.expected?.contains(second.fingerprintText) == true)
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
    }

    @Test func `Beside RAs that only sign, the CA above them is encrypted to`() async throws {
        func registration(_ key: TestKey, _ serial: UInt64, below issuer: TestIdentity) throws -> TestIdentity {
            try pki.registration {
                ($0.key, $0.serial, $0.issuer, $0.keyUsage) = (key, serial, issuer, "critical,digitalSignature")
            }
        }
        // Its usage says that it receives, or (some leave that out) nothing else does.
        for usage in ["critical,keyCertSign,keyEncipherment", "critical,keyCertSign", nil] {
            let issuing = try CertificateOrder.authority("CN=Test Issuing CA", key: .issuing, issuer: pki.root)
                .with { $0.keyUsage = usage }.issue()
            let policy = ServerPolicy(caFingerprints: [issuing.fingerprint, pki.root.fingerprint])
            let elliptic = try registration(.elliptic, 51, below: issuing)
            let one = try registration(.registration, 52, below: issuing)
            let other = try registration(.other, 53, below: issuing)
            for offered in [[elliptic], [one, other]] {
                let authority = try await discover(offered + [issuing, pki.root], policy)
                #expect(authority.recipient == issuing.certificate)
                #expect(Set(authority.signers).isSuperset(of: offered.map(\.certificate)))
            }
            // With one RSA key beside a CA that does not say it receives, it is that key.
            let saysSo = usage?.contains("keyEncipherment") == true
            let alone = try await discover([one, issuing, pki.root], policy)
            #expect(alone.recipient == (saysSo ? issuing : one).certificate)
        }
    }

    @Test func `What is missing beside those that root names is named, rather than the wrong one used`() async throws {
        let ended = try pki.registration {
            $0.extendedKeyUsage = nil
            $0.notAfter = now.addingTimeInterval(-1)
        }
        let next = try pki.registration {
            $0.extendedKeyUsage = nil
            $0.serial = 51
        }
        let policy = pki.policy { $0.raFingerprints = [ended.fingerprint] }
        let fault = await refused([ended, next, pki.issuing], policy)
        #expect(fault?.code == .raNotAuthorised)
        #expect(fault?.expected?.hasSuffix("[\"\(ended.fingerprintText)\", \"\(next.fingerprintText)\"]") == true)
        let signing = try pki.registration {
            $0.extendedKeyUsage = nil
            $0.keyUsage = "critical,digitalSignature"
        }
        let named = pki.policy { $0.raFingerprints = [signing.fingerprint] }
        let missing = await refused([signing, next, pki.issuing], named)
        #expect(missing?.code == .raNotAuthorised)
        #expect(missing?.expected?.contains(next.fingerprintText) == true)
        #expect(try await discover([signing, pki.issuing], named).recipient == pki.issuing.certificate)
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

    @Test func `An RA of a CA that root's files hold is taken though the server does not send that CA`() async throws {
        let ra = try pki.registration()
        let policy = ServerPolicy(
            caFingerprints: [pki.root.fingerprint], namedCertificates: [pki.issuing.certificate])
        let authority = try await discover([ra, pki.root], policy)
        #expect(authority.recipient == ra.certificate)
        #expect(authority.issuer == pki.issuing.certificate)
    }
}
