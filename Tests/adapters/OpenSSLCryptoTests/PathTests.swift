import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Testing
import X509

@Suite struct PathTests {
    let openssl = OpenSSL()
    let scratch: Scratch
    let root: Certificate
    let issuing: Certificate
    let leaf: Certificate
    let now = Date()

    init() throws {
        scratch = try Scratch()
        try scratch.write("authority", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
        try scratch.write("client", "basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n")
        try scratch.write("agent", "extendedKeyUsage=critical,1.3.6.1.4.1.311.20.2.1\n")
        try scratch.newAuthority("root", subject: "/CN=Root")
        root = try scratch.certificate("root")
        issuing = try scratch.issue("issuing", by: "root", extensions: "authority").certificate
        leaf = try scratch.issue("leaf", by: "issuing", extensions: "client").certificate
    }

    private func path(
        _ leaf: Certificate, through intermediates: [Certificate], to anchors: [Certificate], after seconds: Double = 60
    ) throws -> [Certificate] {
        try openssl.path(
            from: leaf, intermediates: intermediates, anchors: anchors, at: now.addingTimeInterval(seconds))
    }

    @Test func `A path runs from the leaf to the anchor`() throws {
        #expect(try path(leaf, through: [issuing], to: [root]) == [leaf, issuing, root])
        #expect(try path(leaf, through: [root, leaf, issuing], to: [root]) == [leaf, issuing, root])
        #expect(try path(issuing, through: [], to: [root]) == [issuing, root])
    }

    @Test func `An anchor may be an intermediate, or the leaf`() throws {
        #expect(try path(leaf, through: [], to: [issuing]) == [leaf, issuing])
        #expect(try path(leaf, through: [issuing], to: [issuing]) == [leaf, issuing])
        #expect(try path(leaf, through: [], to: [leaf]) == [leaf])
    }

    @Test func `Any extended key usage passes`() throws {
        let agent = try scratch.issue("agent-ra", by: "issuing", extensions: "agent").certificate
        #expect(try path(agent, through: [issuing], to: [root]) == [agent, issuing, root])
    }

    @Test func `Without the anchor, or without a link, there is no path`() throws {
        try scratch.newAuthority("other", subject: "/CN=Root")
        let other = try scratch.certificate("other")
        for (intermediates, anchors) in [([issuing], []), ([], [root]), ([issuing, root], []), ([issuing], [other])] {
            expectFault(.noPath) { try path(leaf, through: intermediates, to: anchors) }
        }
    }

    @Test func `A certificate that is no CA issues nothing`() throws {
        let below = try scratch.issue("below", by: "leaf", extensions: "client").certificate
        expectFault(.noPath) { try path(below, through: [leaf, issuing], to: [root]) }
    }

    @Test func `The leaf's time and the intermediate's time both count, and the fault says whose it was`() throws {
        let late = try scratch.issue("late", by: "root", extensions: "authority", "-days 3").certificate
        let below = try scratch.issue("below", by: "late", extensions: "client").certificate
        #expect(try path(below, through: [late], to: [root]) == [below, late, root])
        expectFault(.pathExpired) { try path(below, through: [late], to: [root], after: 10 * 86400) }
        expectFault(.pathExpired) { try path(leaf, through: [issuing], to: [root], after: 366 * 86400) }
        expectFault(.pathExpired) { try path(leaf, through: [issuing], to: [root], after: -86400) }
        do {
            _ = try path(below, through: [late], to: [root], after: 10 * 86400)
        } catch { #expect("\(error)".contains("certificate has expired, at depth 1: CN=late,O=Test"), "\(error)") }
    }

    @Test func `An expired path to a foreign anchor is no path`() throws {
        try scratch.newAuthority("other", subject: "/CN=Root")
        let other = try scratch.certificate("other")
        expectFault(.noPath) { try path(leaf, through: [issuing], to: [other], after: 366 * 86400) }
    }

    @Test func `An expired leaf with a broken signature has no path`() throws {
        var der = leaf.der
        der[der.count - 1] ^= 1
        let broken = try Certificate(der: der)
        expectFault(.noPath) { try path(broken, through: [issuing], to: [root]) }
        expectFault(.noPath) { try path(broken, through: [issuing], to: [root], after: 366 * 86400) }
    }

    @Test func `SHA-1 is refused below the anchor, and the anchor's own signature does not matter`() throws {
        let weak = try scratch.issue("weak", by: "issuing", extensions: "client", "-sha1").certificate
        expectFault(.noPath) { try path(weak, through: [issuing], to: [root]) }
        try scratch.newAuthority("old", subject: "/CN=Old", "-sha1")
        let old = try scratch.certificate("old")
        let below = try scratch.issue("modern", by: "old", extensions: "client").certificate
        #expect(try path(below, through: [], to: [old]) == [below, old])
    }

    @Test func `An RSA key of 1024 bits is refused`() throws {
        try scratch.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.key")
        let small = try scratch.issue("small", by: "issuing", extensions: "client").certificate
        expectFault(.noPath) { try path(small, through: [issuing], to: [root]) }
    }

    @Test func `A path has at most eight intermediates`() throws {
        var issuer = "root"
        var chain: [Certificate] = []
        for number in 1...9 {
            let next = try scratch.issue("level\(number)", by: issuer, extensions: "authority")
            chain.append(next.certificate)
            issuer = "level\(number)"
        }
        #expect(try path(chain[8], through: chain, to: [root]).count == 10)
        let tooDeep = try scratch.issue("deep", by: issuer, extensions: "client").certificate
        expectFault(.noPath) { try path(tooDeep, through: chain, to: [root]) }
    }

    @Test func `A certificate's signature belongs to its issuer's key, not to the issuer's name`() throws {
        try scratch.newAuthority("other", subject: "/CN=Root")
        #expect(openssl.isSignature(of: issuing, madeBy: root))
        #expect(openssl.isSignature(of: root, madeBy: root))
        #expect(!openssl.isSignature(of: issuing, madeBy: try scratch.certificate("other")))
        #expect(!openssl.isSignature(of: leaf, madeBy: root))
    }

    @Test func `A revocation list's signature belongs to its issuer's key`() throws {
        try scratch.write("index", "")
        try scratch.write("number", "01\n")
        try scratch.write(
            "configuration", "[ca]\ndefault_ca=d\n[d]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n")
        try scratch.openssl(
            "ca -config configuration -gencrl -keyfile root.key -cert root.pem -crldays 7 -out list.pem")
        try scratch.openssl("crl -in list.pem -outform DER -out list")
        let list = try scratch.read("list")
        #expect(openssl.isSignature(ofRevocationList: list, madeBy: root))
        #expect(!openssl.isSignature(ofRevocationList: list, madeBy: issuing))
        var changed = list
        changed[list.count - 1] ^= 1
        #expect(!openssl.isSignature(ofRevocationList: changed, madeBy: root))
        #expect(!openssl.isSignature(ofRevocationList: list + [0], madeBy: root))
        for count in 0..<list.count {
            #expect(!openssl.isSignature(ofRevocationList: Array(list.prefix(count)), madeBy: root))
        }
    }
}
