import FoundationEssentials
import TestPKI
import Testing
import X509

@Suite struct CertificateTests {
    @Test func `a device certificate is read as it was issued`() throws {
        let root = try CertificateOrder.authority().issue()
        let device = try CertificateOrder("CN=Device 1,O=Example", key: .device, issuer: root).with {
            $0.serial = 0xFF00_0000_0000_0001
            $0.keyUsage = "critical,digitalSignature,keyEncipherment,keyAgreement"
            $0.extendedKeyUsage = "clientAuth,1.3.6.1.4.1.311.20.2.1,1.3.6.1.5.5.7.3.28"
            $0.alternativeNames = "DNS:device.example,URI:urn:device:1,email:a@example.org,IP:192.0.2.1,RID:1.2.3"
            $0.revocationListURLs = ["http://crl.example/one.crl", "ldap://crl.example/two"]
        }.issue().certificate

        #expect(device.serialHex == "FF00000000000001")
        #expect(device.serialNumber == [0, 0xFF, 0, 0, 0, 0, 0, 0, 1])
        #expect(device.signatureAlgorithm == .sha256WithRSA)
        #expect(!device.hasWeakSignature)
        #expect(device.issuer == root.certificate.subject)
        #expect(device.subject.description == "CN=Device 1,O=Example")
        #expect(device.notBefore == TestTime.begin)
        #expect(device.notAfter == TestTime.end)
        #expect(device.publicKey == .rsa(bits: 2048, exponentIsSane: true))
        #expect(device.publicKey.isStrong)
        #expect(try device.publicKeyInfo == TestKey.device.publicKeyInfo())
        #expect(!device.isAuthority)
        #expect(device.keyUsage == [.digitalSignature, .keyEncipherment, .keyAgreement])
        #expect(device.extendedKeyUsage == [.clientAuth, .certificateRequestAgent, .registrationAuthority])
        #expect(
            device.alternativeNames == [
                .dns("device.example"), .uri("urn:device:1"), .email("a@example.org"), .ipAddress([192, 0, 2, 1]),
                .other([0x88, 0x02, 0x2A, 0x03]),
            ])
        #expect(device.revocationListURLs == ["http://crl.example/one.crl", "ldap://crl.example/two"])
        #expect(device.subjectKeyIdentifier?.count == 20)
        #expect(device.authorityKeyIdentifier == root.certificate.subjectKeyIdentifier)
        #expect(!device.isSelfIssued)
        #expect(device.isValid(at: TestTime.now))
        #expect(!device.isValid(at: TestTime.begin - 1))
        #expect(!device.isValid(at: TestTime.end + 1))
    }

    @Test func `an authority is one, and extensions that are absent are nil`() throws {
        let root = try CertificateOrder.authority().issue().certificate
        #expect(root.isAuthority)
        #expect(root.isSelfIssued)
        #expect(root.keyUsage?.contains([.keyCertSign, .crlSign]) == true)
        #expect(root.extendedKeyUsage == nil)
        let bare = try CertificateOrder("CN=bare", key: .other).with {
            $0.keyUsage = nil
            $0.extendedKeyUsage = nil
            $0.hasKeyIdentifiers = false
        }.issue().certificate
        #expect(bare.keyUsage == nil && bare.subjectKeyIdentifier == nil && bare.authorityKeyIdentifier == nil)
        #expect(bare.alternativeNames.isEmpty && bare.revocationListURLs.isEmpty)
    }

    @Test func `weak keys and signatures are told apart from strong ones`() throws {
        let weak = try CertificateOrder("CN=weak", key: .weak).with { $0.digest = "SHA1" }.issue().certificate
        #expect(weak.publicKey == .rsa(bits: 1024, exponentIsSane: true))
        #expect(!weak.publicKey.isStrong)
        #expect(weak.hasWeakSignature)
        let old = try CertificateOrder("CN=old", key: .device).with { $0.digest = "MD5" }.issue().certificate
        #expect(old.hasWeakSignature)
        let curve = try CertificateOrder("CN=curve", key: .elliptic).issue().certificate
        #expect(curve.publicKey == .ellipticCurve(.p256))
        #expect(curve.publicKey.description == "EC P-256")
        #expect(curve.publicKey.isStrong && !curve.hasWeakSignature)
        #expect(curve.signatureAlgorithm == .ecdsaWithSHA256)
    }

    @Test func `version 1 is taken from a root only`() throws {
        let root = try CertificateOrder.authority().with { $0.isVersion1 = true }.issue()
        #expect(!root.certificate.isAuthority)
        let below = try CertificateOrder("CN=below", key: .device, issuer: root).with { $0.isVersion1 = true }.der()
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: below) } == .unexpectedValue)
    }

    @Test func `an extension that stands twice is refused`() throws {
        let twice = TestExtension("1.2.3.4", value: [5, 0])
        let once = CertificateOrder("CN=x", key: .device).with { $0.extensions = [twice] }
        #expect(try once.issue().certificate.subject.description == "CN=x")
        let der = try once.with { $0.extensions = [twice, twice] }.der()
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: der) } == .unexpectedValue)
    }

    @Test func `a known extension that is malformed is refused and 65 extensions are too many`() throws {
        let broken = try CertificateOrder("CN=x", key: .device).with {
            $0.alternativeNames = nil
            $0.extensions = [TestExtension("2.5.29.17", value: [0x30, 0x05, 0x82])]
        }.der()
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: broken) } == .truncated)
        let many = try CertificateOrder("CN=x", key: .device).with {
            $0.extensions = (0..<65).map { TestExtension("1.2.3.\($0)", value: [5, 0]) }
        }.der()
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: many) } == .limitExceeded)
    }

    @Test func `names with control characters equal nothing that was asked for`() throws {
        let value = [UInt8]("a.example".utf8) + [0] + "b.example".utf8
        let name = DERWriter.element(.contextPrimitive(2), value)
        let certificate = try CertificateOrder("CN=x", key: .device).with {
            $0.extensions = [TestExtension("2.5.29.17", value: DERWriter.sequence(name))]
        }.issue().certificate
        #expect(certificate.alternativeNames == [.other(name)])
    }
}
