import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestFiles
import TestPKI
import Testing
import X509

@Suite struct RequestTests {
    let openssl = OpenSSL()
    let key = TestKey.device.secret
    let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func name(_ commonName: String) throws -> [UInt8] {
        try DistinguishedName(rfc4514: "CN=\(commonName)").der
    }

    private func printed(_ request: Secret) throws -> String {
        try scratch.write("request", request.exposed)
        return try scratch.openssl("req -inform DER -in request -verify -text -noout")
    }

    private func request(names: [GeneralName] = [], challenge: Secret? = nil) throws -> Secret {
        try openssl.certificationRequest(
            RequestContent(subject: name("device"), alternativeNames: names), key: key, challenge: challenge)
    }

    @Test func `A request is signed by its key and asks for what a client certificate needs`() throws {
        let text = try printed(request(challenge: Secret("Hunter 2")))
        #expect(text.contains("verify OK"))
        #expect(text.contains("Version: 1 (0x0)"))
        #expect(text.contains("Subject: CN = device"))
        #expect(text.contains("X509v3 Key Usage: critical Digital Signature, Key Encipherment"))
        #expect(text.contains("TLS Web Client Authentication"))
        #expect(text.contains("sha256WithRSAEncryption"))
        #expect(!text.contains("Alternative Name"))
        #expect(text.contains("challengePassword :Hunter 2"))
    }

    @Test(arguments: [(NamedCurve.p256, "ecdsa-with-SHA256"), (.p384, "ecdsa-with-SHA384")])
    func `A request and a certificate for an EC key are signed as its curve asks, and are for signing only`(
        curve: NamedCurve, algorithm: String
    ) throws {
        let key = try openssl.generateKey(.ec(curve))
        let request = try openssl.certificationRequest(
            RequestContent(subject: name("device"), alternativeNames: []), key: key, challenge: Secret("Hunter 2"))
        let certificate = try openssl.selfSignedCertificate(
            subject: name("device"), key: key, notBefore: TestTime.begin, notAfter: TestTime.end)
        try scratch.write("certificate", certificate)
        try scratch.write("pem", PEM.encode(certificate, label: PEM.certificateLabel))
        try scratch.openssl("verify -CAfile pem pem")
        for text in [
            try printed(request), try scratch.openssl("x509 -inform DER -in certificate -text -noout"),
        ] {
            #expect(text.contains("Signature Algorithm: \(algorithm)"))
            #expect(text.contains("X509v3 Key Usage: critical Digital Signature X509v3"))
            #expect(!text.contains("Encipherment"))
        }
        #expect(try printed(request).contains("verify OK"))
        let read = try Certificate(der: certificate)
        #expect(read.publicKey == .ellipticCurve(curve.identifier) && !read.publicKey.receives)
        #expect(try openssl.provesPossession(of: key, for: read))
    }

    @Test func `Without a challenge there is no challengePassword`() throws {
        #expect(try !printed(request()).contains("challengePassword"))
    }

    @Test func `Every kind of alternative name is asked for`() throws {
        let other: [UInt8] = [0x88, 3, 0x2A, 0x03, 0x04]  // registeredID 1.2.3.4
        let text = try printed(
            request(names: [
                .dns("a.example"), .email("a@example.org"), .uri("urn:device:1"), .ipAddress([192, 0, 2, 1]),
                .ipAddress([0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]), .other(other),
            ]))
        #expect(
            text.contains(
                "DNS:a.example, email:a@example.org, URI:urn:device:1, IP Address:192.0.2.1, "
                    + "IP Address:2001:DB8:0:0:0:0:0:1, Registered ID:1.2.3.4"))
    }

    @Test(arguments: [
        GeneralName.dns("bücher.example"), .dns(""), .uri("urn:a\nb"), .ipAddress([1, 2, 3]), .other([]),
        .other([0x88, 3, 0x2A]), .other([0x88, 3, 0x2A, 3, 4, 0]),
    ])
    func `A name that cannot be encoded is refused`(name: GeneralName) {
        expectFault(.malformed) { try request(names: [name]) }
    }

    @Test(
        arguments: [
            ("Az09 '()+,-./:=?", [0x13, 16]), ("p@ss_w*rd", [0x0C, 9]), ("pässwörd", [0x0C, 10]),
            (String(repeating: "x", count: 255), [0x13, 0x81, 0xFF]),
            (String(repeating: "ü", count: 255), [0x0C, 0x82, 0x01, 0xFE]),
        ] as [(String, [UInt8])])
    func `A challenge is a PrintableString where the alphabet allows, else a UTF8String`(
        challenge: String, header: [UInt8]
    ) throws {
        let request = try request(challenge: Secret(challenge))
        #expect(request.exposed.contains(header + Array(challenge.utf8)))
        #expect(try printed(request).contains("challengePassword"))
    }

    @Test func `A challenge is a UTF8String where that is asked for`() throws {
        let request = try openssl.certificationRequest(
            RequestContent(subject: name("device"), alternativeNames: [], hasUTF8Challenge: true), key: key,
            challenge: Secret("hunter 2"))
        #expect(request.exposed.contains([0x0C, 8] + Array("hunter 2".utf8)))
        #expect(try printed(request).contains("challengePassword"))
    }

    @Test func `A challenge that the attribute cannot carry is refused`() {
        for bytes: [UInt8] in [[], [UInt8](repeating: 0x78, count: 256), [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80]] {
            expectFault(.malformed) { try request(challenge: Secret(bytes)) }
        }
        expectFault(.malformed) { try request(challenge: Secret(String(repeating: "ü", count: 256))) }
    }

    @Test(arguments: [1, 40, 41, 42, 43, 44, 45, 46, 47, 48, 90, 100, 200, 255])
    func `Attributes stand in the order of their encodings`(length: Int) throws {
        let request = try request(challenge: Secret(String(repeating: "x", count: length)))
        var outer = try DERCursor(request.exposed, reading: "the request")
        let attributes = try outer.readSequence { (signed) throws(X509Fault) in
            let attributes = try signed.readSequence { (body) throws(X509Fault) in
                for _ in 0..<3 { _ = try body.next() }
                var set = try body.inside(try body.next(.context(0)))
                var attributes: [[UInt8]] = []
                while !set.isAtEnd { attributes.append(set.encoding(of: try set.next())) }
                return attributes
            }
            _ = try signed.next()
            _ = try signed.next()
            return attributes
        }
        #expect(attributes.count == 2)
        #expect(attributes == attributes.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func `A refused challenge does not show in the fault`() {
        do {
            _ = try request(challenge: Secret(Array("zebra".utf8) + [0xFF]))
            Issue.record("nothing was thrown")
        } catch { #expect(!"\(error)".contains("zebra")) }
    }

    @Test(arguments: [[], [0x30], [0x30, 1, 0], [0x30, 0, 0], [0x04, 0]] as [[UInt8]])
    func `A subject that is not a Name is refused`(subject: [UInt8]) {
        expectFault(.malformed) {
            try openssl.certificationRequest(
                RequestContent(subject: subject, alternativeNames: []), key: key, challenge: nil)
        }
        expectFault(.malformed) {
            try openssl.selfSignedCertificate(subject: subject, key: key, notBefore: Date(), notAfter: Date())
        }
    }

    @Test func `A self-signed certificate is for the transaction and nothing else`() throws {
        let der = try openssl.selfSignedCertificate(
            subject: name("device"), key: key, notBefore: Date(timeIntervalSince1970: 1_700_000_000.9),
            notAfter: Date(timeIntervalSince1970: 2_600_000_000))
        try scratch.write("certificate", der)
        let text = try scratch.openssl("x509 -inform DER -in certificate -text -noout")
        #expect(text.contains("Version: 3 (0x2)"))
        #expect(text.contains("Issuer: CN = device"))
        #expect(text.contains("Subject: CN = device"))
        #expect(text.contains("Not Before: Nov 14 22:13:20 2023 GMT"))
        #expect(text.contains("Not After : May 22 14:13:20 2052 GMT"))
        #expect(text.contains("X509v3 Key Usage: critical Digital Signature, Key Encipherment"))
        #expect(text.contains("X509v3 Subject Key Identifier"))
        #expect(!text.contains("Basic Constraints"))
        #expect(!text.contains("Extended Key Usage"))

        let certificate = try Certificate(der: der)
        try scratch.write("pem", PEM.encode(der, label: PEM.certificateLabel))
        try scratch.openssl("verify -CAfile pem pem")
        #expect(openssl.isSignature(of: certificate, madeBy: certificate))
        #expect(certificate.serialNumber.count == 16)
        #expect(try #require(certificate.serialNumber.first) < 0x80)
        #expect(certificate.publicKeyInfo == (try openssl.publicKeyInfo(of: key)))
    }

    @Test func `Serial numbers are not repeated`() throws {
        let made = try (0..<5).map { _ in
            try Certificate(
                der: openssl.selfSignedCertificate(subject: name("a"), key: key, notBefore: Date(), notAfter: Date()))
        }
        #expect(Set(made.map(\.serialNumber)).count == 5)
    }

    @Test(arguments: [1e300, -1e300, .infinity, .nan, 1e15, -631_152_001, 253_402_300_800])
    func `A time that a certificate cannot hold is refused`(seconds: Double) {
        expectFault(.malformed) {
            try openssl.selfSignedCertificate(
                subject: name("a"), key: key, notBefore: Date(timeIntervalSince1970: seconds), notAfter: Date())
        }
    }
}
