import FoundationEssentials
import OpenSSLCrypto
import SCEP
import TestPKI
import Testing
import X509

private let day = 86400.0

@Suite struct PathTests {
    let openssl = OpenSSL()
    let root: TestIdentity
    /// The same name as the root's, another key.
    let other: TestIdentity
    let issuing: TestIdentity
    let device: TestIdentity
    var leaf: Certificate { device.certificate }

    init() throws {
        root = try CertificateOrder.authority("CN=Root").issue()
        other = try CertificateOrder.authority("CN=Root", key: .other).issue()
        issuing = try CertificateOrder.authority("CN=Issuing", key: .issuing, issuer: root).issue()
        device = try CertificateOrder("CN=leaf", key: .device, issuer: issuing).issue()
    }

    private func path(
        _ leaf: Certificate, through intermediates: [TestIdentity], to anchors: [TestIdentity],
        at time: Date = TestTime.now
    ) throws -> [Certificate] {
        try openssl.path(
            from: leaf, intermediates: intermediates.map(\.certificate), anchors: anchors.map(\.certificate), at: time)
    }

    @Test func `A path runs from the leaf to the anchor`() throws {
        let whole = [leaf, issuing.certificate, root.certificate]
        #expect(try path(leaf, through: [issuing], to: [root]) == whole)
        #expect(try path(leaf, through: [root, other, issuing], to: [other, root]) == whole)
        #expect(try path(issuing.certificate, through: [], to: [root]) == [issuing.certificate, root.certificate])
    }

    @Test func `An anchor may be an intermediate, or the leaf`() throws {
        #expect(try path(leaf, through: [], to: [issuing]) == [leaf, issuing.certificate])
        #expect(try path(leaf, through: [issuing], to: [issuing]) == [leaf, issuing.certificate])
        #expect(try path(leaf, through: [], to: [device]) == [leaf])
    }

    @Test(arguments: ["critical,1.3.6.1.4.1.311.20.2.1", "serverAuth", "critical,timeStamping", nil])
    func `Any extended key usage passes`(usage: String?) throws {
        let any = try CertificateOrder("CN=any", key: .registration, issuer: issuing).with {
            $0.extendedKeyUsage = usage
        }.issue().certificate
        #expect(try path(any, through: [issuing], to: [root]).count == 3)
    }

    @Test func `Without the anchor, or without a link, there is no path`() throws {
        for (intermediates, anchors) in [([issuing], []), ([], [root]), ([issuing, root], []), ([issuing], [other])] {
            expectFault(.noPath) { try path(leaf, through: intermediates, to: anchors) }
        }
    }

    @Test func `A certificate that is no CA issues nothing`() throws {
        let below = try CertificateOrder("CN=below", key: .other, issuer: device).issue().certificate
        expectFault(.noPath) { try path(below, through: [device, issuing], to: [root]) }
    }

    @Test func `The leaf's time and the intermediate's time both count, and the fault says whose it was`() throws {
        let brief = try CertificateOrder.authority("CN=Brief,O=Test", key: .registration, issuer: root).with {
            $0.notAfter = TestTime.now.addingTimeInterval(day)
        }.issue()
        let below = try CertificateOrder("CN=below", key: .device, issuer: brief).issue().certificate
        #expect(try path(below, through: [brief], to: [root]).count == 3)
        let later = TestTime.now.addingTimeInterval(2 * day)
        expectFault(.pathExpired) { try path(below, through: [brief], to: [root], at: later) }
        let text = #expect(throws: CryptographyFault.self) { try path(below, through: [brief], to: [root], at: later) }
        #expect("\(try #require(text))".contains("certificate has expired, at depth 1: CN=Brief,O=Test"))

        expectFault(.pathExpired) { try path(leaf, through: [issuing], to: [root], at: TestTime.end + day) }
        expectFault(.pathExpired) { try path(leaf, through: [issuing], to: [root], at: TestTime.begin - day) }
        expectFault(.pathExpired) {
            try path(leaf, through: [issuing], to: [root], at: Date(timeIntervalSince1970: 0))
        }
    }

    @Test(arguments: [Double.nan, .infinity, -1e18, 1e18])
    func `A time outside the calendar is a fault`(seconds: Double) {
        expectFault(.libraryFailure) {
            try path(leaf, through: [issuing], to: [root], at: Date(timeIntervalSince1970: seconds))
        }
    }

    @Test func `An expired path to a foreign anchor, or with a broken signature, is no path`() throws {
        let later = TestTime.end + day
        expectFault(.noPath) { try path(leaf, through: [issuing], to: [other], at: later) }
        var der = leaf.der
        der[der.count - 1] ^= 1
        let broken = try Certificate(der: der)
        expectFault(.noPath) { try path(broken, through: [issuing], to: [root]) }
        expectFault(.noPath) { try path(broken, through: [issuing], to: [root], at: later) }
    }

    @Test func `SHA-1 is refused below the anchor, and the anchor's own signature does not matter`() throws {
        let weak = try CertificateOrder("CN=weak", key: .device, issuer: issuing).with { $0.digest = "SHA1" }.issue()
        expectFault(.noPath) { try path(weak.certificate, through: [issuing], to: [root]) }
        let old = try CertificateOrder.authority("CN=Old", key: .other).with { $0.digest = "SHA1" }.issue()
        let below = try CertificateOrder("CN=below", key: .device, issuer: old).issue().certificate
        #expect(try path(below, through: [], to: [old]) == [below, old.certificate])
    }

    @Test func `RSA with 1024 bits is refused`() throws {
        let small = try CertificateOrder("CN=small", key: .weak, issuer: issuing).issue().certificate
        expectFault(.noPath) { try path(small, through: [issuing], to: [root]) }
        let authority = try CertificateOrder.authority("CN=Small", key: .weak, issuer: root).issue()
        let below = try CertificateOrder("CN=below", key: .device, issuer: authority).issue().certificate
        expectFault(.noPath) { try path(below, through: [authority], to: [root]) }
    }

    @Test func `EC keys make a path too`() throws {
        let curve = try CertificateOrder.authority("CN=Curve", key: .elliptic, issuer: root).issue()
        let below = try CertificateOrder("CN=below", key: .device, issuer: curve).issue().certificate
        #expect(try path(below, through: [curve], to: [root]).count == 3)
    }

    @Test func `A path has at most eight intermediates`() throws {
        var chain: [TestIdentity] = []
        for number in 1...9 {
            chain.append(
                try CertificateOrder.authority("CN=Level \(number)", key: .issuing, issuer: chain.last ?? root).issue())
        }
        #expect(try path(chain[8].certificate, through: chain, to: [root]).count == 10)
        let deep = try CertificateOrder("CN=deep", key: .device, issuer: chain[8]).issue().certificate
        expectFault(.noPath) { try path(deep, through: chain, to: [root]) }
    }

    @Test func `A certificate's signature belongs to its issuer's key, not to the issuer's name`() {
        #expect(openssl.isSignature(of: issuing.certificate, madeBy: root.certificate))
        #expect(openssl.isSignature(of: root.certificate, madeBy: root.certificate))
        #expect(!openssl.isSignature(of: issuing.certificate, madeBy: other.certificate))
        #expect(!openssl.isSignature(of: leaf, madeBy: root.certificate))
    }

    @Test func `A revocation list's signature belongs to its issuer's key`() throws {
        let list = try RevocationOrder(issuer: root, serials: [1, 2, 3]).der()
        #expect(openssl.isSignature(ofRevocationList: list, madeBy: root.certificate))
        #expect(!openssl.isSignature(ofRevocationList: list, madeBy: other.certificate))
        let empty = try RevocationOrder(issuer: root, serials: []).der()
        #expect(openssl.isSignature(ofRevocationList: empty, madeBy: root.certificate))
        #expect(!openssl.isSignature(ofRevocationList: list + [0], madeBy: root.certificate))
        for position in list.indices {
            var changed = list
            changed[position] ^= 0x01
            // The algorithm outside what is signed is compared with the one inside by whoever reads the list.
            let isSigned = openssl.isSignature(ofRevocationList: changed, madeBy: root.certificate)
            #expect(!isSigned || (try? RevocationList(der: changed)) == nil)
            #expect(!openssl.isSignature(ofRevocationList: Array(list.prefix(position)), madeBy: root.certificate))
        }
    }
}
