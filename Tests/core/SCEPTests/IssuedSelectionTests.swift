import Faults
import FoundationEssentials
import SCEP
import TestPKI
import Testing
import X509

/// Which certificate of a reply becomes the machine's identity: V-14 to V-17.
@Suite struct IssuedSelectionTests {
    private var talk: Conversation
    private let now = TestTime.now

    init() throws { talk = try Conversation() }

    private func refusal(_ certificates: [TestIdentity]) async throws -> SCEPFaultCode? {
        try await talk.refusal(try talk.success(certificates))
    }

    @Test func `It is the one for our key, wherever it stands (N-69, N-70)`() async throws {
        let pki = talk.pki
        let other = try pki.device(key: .other) { $0.serial = 7 }
        let device = try pki.device()
        for order in [[pki.issuing, pki.root, device], [device], [other, device, pki.issuing]] {
            #expect(try await talk.issued(try talk.success(order))?.leaf == device.certificate)
        }
        #expect(try await refusal([other, pki.issuing]) == .keyMismatch)
        // One that cannot be read is passed over beside it, and is the reason where it may be ours.
        let unread = CertificateOrder("CN=device", key: .device, issuer: pki.issuing).with { $0.isVersion1 = true }
        var reply = try talk.success()
        reply.plain = CMSForgery.bundle([try unread.der(), device.certificate.der, pki.issuing.certificate.der])
        #expect(try await talk.issued(reply)?.leaf == device.certificate)
        reply.plain = CMSForgery.bundle([try unread.der(), pki.issuing.certificate.der])
        #expect(try await talk.refusal(reply) == .undecipherable)
        #expect(try await refusal([pki.issuing, pki.root]) == .keyMismatch)
    }

    @Test func `Of several the newest is taken (N-69)`() async throws {
        let newer = try talk.pki.device {
            $0.serial = 101
            $0.notBefore = now.addingTimeInterval(-60)
        }
        #expect(
            try await talk.issued(try talk.success([try talk.pki.device(), newer]))?.leaf == newer.certificate)
    }

    @Test func `Another CA's, an insider's and one's own signature do not count (N-71)`() async throws {
        let foreign = try CertificateOrder.authority("CN=Test Issuing CA", key: .other).issue()
        let insider = try talk.pki.device("CN=evil", key: .other)
        for issuer in [foreign, insider, nil] {
            let device = try talk.pki.device { $0.issuer = issuer }
            #expect(try await refusal([device] + (issuer.map { [$0] } ?? [])) == .unfitCertificate)
        }
    }

    @Test func `A CA below an admitted one issues nothing for us unless it is admitted itself`() async throws {
        let second = try CertificateOrder.authority("CN=Second", key: .other, issuer: talk.pki.issuing).issue()
        let device = try talk.pki.device { $0.issuer = second }
        #expect(try await refusal([device, second]) == .unfitCertificate)
    }

    @Test func `It is valid now, give or take a CA's clock (N-72)`() async throws {
        let cases: [(Double, Double, SCEPFaultCode?)] = [
            (-3600, -1, .certificateNotCurrent), (-3600, 29, .certificateNotCurrent), (-3600, 31, nil),
            (599, 3600, nil), (601, 3600, .certificateNotCurrent), (2 * 86_400, 3 * 86_400, .certificateNotCurrent),
        ]
        for (begin, end, code) in cases {
            let device = try talk.pki.device {
                $0.notBefore = now.addingTimeInterval(begin)
                $0.notAfter = now.addingTimeInterval(end)
            }
            #expect(try await refusal([device]) == code, "\(begin) to \(end)")
        }
    }

    @Test func `It is no CA's, and for the subject that was asked for (N-73)`() async throws {
        #expect(
            try await refusal([
                try talk.pki.device {
                    $0.isAuthority = true
                    $0.keyUsage = "critical,keyCertSign"
                }
            ]) == .unfitCertificate)
        #expect(try await refusal([try talk.pki.device("CN=somebody")]) == .subjectMismatch)
        #expect(try await refusal([try talk.pki.device("CN=device,O=More")]) == .subjectMismatch)
    }

    @Test func `A PKI that writes subjects of its own is believed as far as root's file says`() async throws {
        var other = talk
        other.accepted = .name(try DistinguishedName(rfc4514: "CN=device,O=More"))
        func refusal(_ subject: String, in talk: Conversation) async throws -> SCEPFaultCode? {
            try await talk.refusal(try talk.success([try talk.pki.device(subject)]))
        }
        #expect(try await refusal("CN=device,O=More", in: other) == nil)
        #expect(try await refusal("CN=device", in: other) == .subjectMismatch)
        var any = talk
        any.accepted = .any
        #expect(try await refusal("CN=whatever", in: any) == nil)
    }

    @Test func `It is for clients that sign`() async throws {
        for purpose in [nil, "serverAuth", "anyExtendedKeyUsage", "emailProtection"] {
            #expect(try await refusal([try talk.pki.device { $0.extendedKeyUsage = purpose }]) == .unfitCertificate)
        }
        #expect(try await refusal([try talk.pki.device { $0.extendedKeyUsage = "serverAuth,clientAuth" }]) == nil)
        for (usage, code) in [("critical,keyEncipherment", SCEPFaultCode.unfitCertificate), (nil, nil)] {
            #expect(try await refusal([try talk.pki.device { $0.keyUsage = usage }]) == code)
        }
    }

    @Test func `It is not signed with what can be forged (N-74)`() async throws {
        for digest in ["SHA1", "MD5"] {
            #expect(try await refusal([try talk.pki.device { $0.digest = digest }]) == .unfitCertificate)
        }
    }

    @Test func `A root that comes along is material for the chain and no more (N-75)`() async throws {
        let extra = try CertificateOrder.authority("CN=Evil Root", key: .other).issue()
        let issued = try await talk.issued(try talk.success([try talk.pki.device(), talk.pki.issuing, extra]))
        #expect(issued?.root == talk.pki.root.certificate)
        #expect(issued?.chain == [talk.pki.issuing.certificate])
    }

    @Test func `A copy of a CA's certificate that says something else gets into no chain (N-75)`() async throws {
        // The name and the key of the root, below somebody else.
        let other = try CertificateOrder.authority("CN=Evil Root", key: .other).issue()
        let copy = try CertificateOrder.authority(issuer: other).with { $0.serial = 9 }.issue()
        let issued = try await talk.issued(try talk.success([try talk.pki.device(), copy, other]))
        #expect(issued?.root == talk.pki.root.certificate)
        #expect(issued?.chain == [talk.pki.issuing.certificate])
    }

    // MARK: renewal

    @Test func `A renewal brings a newer certificate, not the one there is (N-76)`() async throws {
        var renewing = talk
        let current = try talk.pki.device(key: .other) { $0.notBefore = now.addingTimeInterval(-86_400) }
        renewing.current = current.certificate
        let cases: [(UInt64, Double, SCEPFaultCode?)] = [
            (101, -60, nil), (101, -86_400, nil), (101, -86_401, .notRenewed), (100, -60, .notRenewed),
        ]
        for (serial, begin, code) in cases {
            let device = try talk.pki.device {
                $0.serial = serial
                $0.notBefore = now.addingTimeInterval(begin)
            }
            #expect(try await renewing.refusal(try renewing.success([device])) == code)
        }
        #expect(try await renewing.refusal(try renewing.success([current])) == .notRenewed)
    }

    @Test func `One that ends sooner is taken: a policy may change`() async throws {
        var renewing = talk
        renewing.current = try talk.pki.device(key: .other).certificate
        let shorter = try talk.pki.device {
            $0.serial = 101
            $0.notBefore = now.addingTimeInterval(-60)
            $0.notAfter = now.addingTimeInterval(3600)
        }
        #expect(try await renewing.refusal(try renewing.success([shorter])) == nil)
    }
}
