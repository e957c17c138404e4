import Faults
import OpenSSLCrypto
import SCEP
import Secrets
import TestFiles
import TestPKI
import Testing
import X509

@Suite struct KeyTests {
    let openssl = OpenSSL()
    let parties: Parties
    let scratch: ScratchFolder

    init() throws {
        parties = try Parties.made.get()
        scratch = try ScratchFolder()
    }

    @Test func `A generated key is PKCS#8 PEM that the openssl program finds sound`() throws {
        let key = try openssl.generateKey(.rsa(bits: 2048))
        try scratch.write("key", key.exposed)
        let text = try scratch.openssl("pkey -in key -check -text -noout")
        #expect(text.contains("Key is valid"))
        #expect(text.contains("2048 bit"))
        #expect(text.contains("publicExponent: 65537"))
        #expect(key.exposed.starts(with: Array("-----BEGIN PRIVATE KEY-----\n".utf8)))
    }

    @Test(arguments: [(NamedCurve.p256, "prime256v1"), (.p384, "secp384r1")])
    func `A generated EC key is PKCS#8 PEM on its named curve that the openssl program finds sound`(
        curve: NamedCurve, name: String
    ) throws {
        let key = try openssl.generateKey(.ec(curve))
        try scratch.write("key", key.exposed)
        let text = try scratch.openssl("pkey -in key -check -text -noout")
        #expect(text.contains("Key is valid"))
        #expect(text.contains("ASN1 OID: \(name)"))
        #expect(key.exposed.starts(with: Array("-----BEGIN PRIVATE KEY-----\n".utf8)))
        try scratch.openssl("pkey -in key -pubout -outform DER -out public")
        #expect(try openssl.publicKeyInfo(of: key) == scratch.read("public"))
        // Read anew, as another process reads it.
        #expect(try openssl.publicKeyInfo(of: Secret(key.exposed)) == scratch.read("public"))
        #expect(try openssl.generateKey(.ec(curve)).exposed != key.exposed)
    }

    @Test func `An EC key with another's public half is refused`() throws {
        let (one, other) = (try openssl.generateKey(.ec(.p256)), try openssl.generateKey(.ec(.p256)))
        func der(_ key: Secret) throws -> [UInt8] {
            try #require(try PEM.blocks(labelled: "PRIVATE KEY", in: key.exposed).first)
        }
        // The public point is at the end.
        let mixed = try der(one).dropLast(64) + der(other).suffix(64)
        expectFault(.unusableKey) {
            try openssl.publicKeyInfo(of: Secret(PEM.encode(Array(mixed), label: "PRIVATE KEY")))
        }
    }

    @Test(arguments: [0, -1, 512, 1024, 2049, 16384])
    func `Other sizes are refused`(bits: Int) {
        expectFault(.unusableKey) { try openssl.generateKey(.rsa(bits: bits)) }
    }

    @Test func `The public key is the one that the openssl program derives`() throws {
        for key in [TestKey.device, .elliptic] {
            try scratch.write("key", key.pem)
            try scratch.openssl("pkey -in key -pubout -outform DER -out public")
            #expect(try openssl.publicKeyInfo(of: key.secret) == scratch.read("public"))
        }
    }

    @Test func `What is not an unencrypted private key is refused without asking anybody`() throws {
        try scratch.write("key", parties.curve.key.pem)
        try scratch.openssl("pkey -in key -aes256 -passout pass:secret -out encrypted")
        let truncated = Array(TestKey.device.pem.dropLast(200))
        for bytes in [[], Array("no key".utf8), try scratch.read("encrypted"), truncated] {
            expectFault(.unusableKey) { try openssl.publicKeyInfo(of: Secret(bytes)) }
        }
    }

    /// libcrypto itself takes parts as they come: without a look at them, a key would be found to be a certificate's with
    /// which nobody can sign for it.
    @Test(arguments: ["PRIVATE KEY", "RSA PRIVATE KEY"])
    func `A key whose parts do not belong together is refused`(label: String) throws {
        try scratch.write("plain", TestKey.device.pem)
        try scratch.openssl("rsa -in plain \(label == "PRIVATE KEY" ? "" : "-traditional") -out key")
        let der = try #require(try PEM.blocks(labelled: label, in: scratch.read("key")).first)
        _ = try openssl.publicKeyInfo(of: Secret(PEM.encode(der, label: label)))
        var refused = 0
        // The version and algorithm are in front.
        for at in stride(from: 30, to: der.count, by: 29) {
            var altered = der
            altered[at] ^= 2
            do {
                _ = try openssl.publicKeyInfo(of: Secret(PEM.encode(altered, label: label)))
                Issue.record("byte \(at) of \(der.count) is another, and the key is read")
            } catch let fault as CryptographyFault {
                #expect(fault.code == .unusableKey)
                refused += 1
            }
        }
        #expect(refused > 35)
    }

    @Test func `What was made of a secret is made once and ends with it`() {
        final class Made: Sendable {}
        weak var made: Made?
        do {
            let secret = Secret("any")
            made = secret.derived { Made() }
            #expect(secret.derived { Made() } === made)
        }
        #expect(made == nil)
    }

    @Test(arguments: ["-traditional", "-rsa4096", "-e3"])
    func `A key in another form is read all the same`(form: String) throws {
        switch form {
        case "-rsa4096": try scratch.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out key")
        case "-e3":
            try scratch.openssl(
                "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out key")
        default:
            try scratch.write("plain", TestKey.device.pem)
            try scratch.openssl("rsa -in plain -traditional -out key")
        }
        try scratch.openssl("pkey -in key -pubout -outform DER -out public")
        let key = Secret(try scratch.read("key"))
        #expect(try openssl.publicKeyInfo(of: key) == scratch.read("public"))
        let der = try openssl.selfSignedCertificate(
            subject: DistinguishedName(rfc4514: "CN=a").der, key: key, notBefore: TestTime.begin, notAfter: TestTime.end
        )
        let certificate = try Certificate(der: der)
        #expect(openssl.isSignature(of: certificate, madeBy: certificate))
    }

    @Test func `Only the certificate's own key proves possession`() throws {
        #expect(try openssl.provesPossession(of: TestKey.device.secret, for: parties.device))
        #expect(try openssl.provesPossession(of: parties.curve.key.secret, for: parties.curve.certificate))
        #expect(try !openssl.provesPossession(of: parties.insider.key.secret, for: parties.device))
        #expect(try !openssl.provesPossession(of: parties.curve.key.secret, for: parties.registration.certificate))
        #expect(try !openssl.provesPossession(of: parties.curve.key.secret, for: parties.device))
    }

    @Test func `An Ed25519 key proves possession too`() throws {
        try scratch.openssl("req -x509 -newkey ed25519 -nodes -keyout e.key -out e.pem -subj /CN=e")
        let certificate = try #require(try PEM.certificates(in: scratch.read("e.pem")).first)
        #expect(try openssl.provesPossession(of: Secret(scratch.read("e.key")), for: certificate))
    }

    @Test func `SHA-256 has its known values`() {
        let hexadecimal = openssl.sha256(Array("abc".utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
        #expect(hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(openssl.sha256([]).prefix(4) == [0xE3, 0xB0, 0xC4, 0x42])
        #expect(openssl.sha256([]).count == 32)
    }

    @Test func `Random bytes come in the number asked for, and differ`() throws {
        let drawn = try Set((0..<50).map { _ in try openssl.randomBytes(16) })
        #expect(drawn.count == 50)
        #expect(drawn.allSatisfy { $0.count == 16 })
        #expect(try openssl.randomBytes(0).isEmpty)
    }

    @Test func `The version names the library`() {
        #expect(OpenSSL.version.hasPrefix("3."))
    }
}
