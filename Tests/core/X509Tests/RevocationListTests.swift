import TestPKI
import Testing
import X509

@Suite struct RevocationListTests {
    @Test func `a list is read and asked`() throws {
        let root = try CertificateOrder.authority().issue()
        let order = RevocationOrder(issuer: root, serials: [5, 0x80, 0xFFFF_FFFF_FFFF])
        let list = try RevocationList(der: order.der())
        #expect(list.issuer == root.certificate.subject)
        #expect(list.thisUpdate == TestTime.begin && list.nextUpdate == TestTime.end)
        #expect(list.signatureAlgorithm == .sha256WithRSA && !list.hasWeakSignature)
        #expect(list.scope == nil && list.unsupportedCriticalExtension == nil)
        for serial: UInt64 in [5, 0x80, 0xFFFF_FFFF_FFFF] {
            let listed = try CertificateOrder("CN=x", key: .device, issuer: root).with { $0.serial = serial }.issue()
            #expect(try list.contains(serialNumber: listed.certificate.serialNumber))
        }
        for absent: [UInt8] in [[6], [0x80], [0, 5], []] { #expect(try !list.contains(serialNumber: absent)) }
    }

    @Test func `an empty list without nextUpdate is read`() throws {
        let root = try CertificateOrder.authority().issue()
        let list = try RevocationList(
            der: RevocationOrder(issuer: root, serials: []).with {
                $0.nextUpdate = nil
                $0.digest = "SHA1"
            }.der())
        #expect(list.nextUpdate == nil && list.hasWeakSignature)
        #expect(try !list.contains(serialNumber: [1]))
    }

    @Test func `a delta list shows as one that is not understood`() throws {
        let root = try CertificateOrder.authority().issue()
        let delta = TestExtension("2.5.29.27", isCritical: true, value: [0x02, 0x01, 0x01])
        let list = try RevocationList(
            der: RevocationOrder(issuer: root, serials: [5]).with { $0.extensions = [delta] }.der())
        #expect(list.unsupportedCriticalExtension?.description == "2.5.29.27")
    }

    @Test func `an issuing distribution point tells what the list covers`() throws {
        let root = try CertificateOrder.authority().issue()
        func scope(_ value: [UInt8]) throws -> RevocationListScope? {
            let extensions = [TestExtension("2.5.29.28", isCritical: true, value: value)]
            return try RevocationList(
                der: RevocationOrder(issuer: root, serials: []).with { $0.extensions = extensions }.der()
            ).scope
        }
        let url = DERWriter.string(.contextPrimitive(6), "http://crl.example/a")
        let point = DERWriter.element(.context(0), DERWriter.element(.context(0), url))
        #expect(try scope(DERWriter.sequence(point))?.urls == ["http://crl.example/a"])
        #expect(try scope(DERWriter.sequence(point))?.hasOtherName == false)
        #expect(try scope(DERWriter.sequence([0x81, 1, 0xFF]))?.onlyUserCertificates == true)
        #expect(try scope(DERWriter.sequence([0x82, 1, 0xFF]))?.onlyAuthorityCertificates == true)
        #expect(try scope(DERWriter.sequence([0x83, 2, 1, 2]))?.onlySomeReasons == true)
        #expect(try scope(DERWriter.sequence([0x84, 1, 0xFF]))?.isIndirect == true)
        #expect(try scope(DERWriter.sequence([0x85, 1, 0xFF]))?.onlyAttributeCertificates == true)
        #expect(throws: X509Fault.self) { try scope(DERWriter.sequence([0x86, 1, 0xFF])) }
    }

    @Test func `a list cut anywhere is refused`() throws {
        let root = try CertificateOrder.authority().issue()
        let der = try RevocationOrder(issuer: root, serials: [5, 6, 7]).der()
        for count in der.indices {
            #expect(code { () throws(X509Fault) in _ = try RevocationList(der: Array(der[..<count])) } != nil)
        }
        #expect(code { () throws(X509Fault) in _ = try RevocationList(der: der + [0]) } == .trailingBytes)
    }

    @Test func `the last of many entries is found and a broken one before it is a fault`() throws {
        let root = try CertificateOrder.authority().issue()
        var der = try RevocationOrder(issuer: root, serials: Array(1_000_000..<1_002_000)).der()
        #expect(try RevocationList(der: der).contains(serialNumber: [0x0F, 0x4A, 0x0F]))
        let entry: [UInt8] = [0x02, 0x03, 0x0F, 0x42, 0x41]
        let start = try #require(der.indices.first { der[$0...].starts(with: entry) })
        der[start] = 0x04
        let list = try RevocationList(der: der)
        #expect(throws: X509Fault.self) { try list.contains(serialNumber: [0x0F, 0x4A, 0x0F]) }
    }
}
