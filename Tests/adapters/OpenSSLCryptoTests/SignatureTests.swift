import OpenSSLCrypto
import SCEP
import Secrets
import TestFiles
import TestPKI
import Testing
import X509

private let messageType = ObjectIdentifier(2, 16, 840, 1, 113733, 1, 9, 2)
private let senderNonce = ObjectIdentifier(2, 16, 840, 1, 113733, 1, 9, 5)

@Suite struct SignatureTests {
    let openssl = OpenSSL()
    let parties: Parties
    let scratch: ScratchFolder
    let content = Array("a\nb\r\n\u{0}c\n".utf8)

    init() throws {
        parties = try Parties.made.get()
        scratch = try ScratchFolder()
        try scratch.write("ca", parties.authority)
        try scratch.write("ra", parties.registration)
        try scratch.write("insider", parties.insider)
        try scratch.write("forged", parties.forged)
        try scratch.write("device", parties.device, .device)
        try scratch.write("curve", parties.curve)
        try scratch.write("content", content)
        try scratch.write("empty", [])
    }

    private var allowed: [Certificate] { [parties.authority.certificate, parties.registration.certificate] }

    /// What the `openssl` program signs.
    private func message(_ options: String, signer: String = "ra", content: String = "content") throws -> [UInt8] {
        try scratch.openssl(
            "cms -sign -binary -in \(content) -signer \(signer).pem -inkey \(signer).key -outform DER -out message \(options)"
        )
        return try scratch.read("message")
    }

    private func sign(_ attributes: [SignedAttribute] = [], key: Secret? = nil) throws -> [UInt8] {
        try openssl.sign(
            content, attributes: attributes, signer: parties.device, key: key ?? TestKey.device.secret,
            digest: .sha256)
    }

    // MARK: What is sent

    @Test(arguments: DigestAlgorithm.allCases)
    func `What is signed, the openssl program verifies unchanged`(digest: DigestAlgorithm) throws {
        let message = try openssl.sign(
            content, attributes: [], signer: parties.device, key: TestKey.device.secret, digest: digest)
        try scratch.write("message", message)
        try scratch.openssl("cms -verify -binary -inform DER -in message -noverify -out verified")
        #expect(try scratch.read("verified") == content)
        let text = try scratch.openssl("cms -cmsout -print -noout -inform DER -in message")
        #expect(text.contains("algorithm: \(digest.rawValue.replacing("-", with: "").lowercased()) "))
        #expect(
            try openssl.verifySignedData(message, signers: [parties.device]) == parties.device)
    }

    @Test func `The message holds the given attributes, the usual ones, and the signer's certificate`() throws {
        let message = try sign([
            SignedAttribute(type: messageType, value: .printableString("19")),
            SignedAttribute(type: senderNonce, value: .octetString([UInt8](0..<16))),
        ])
        #expect(message.starts(with: [0x30, 0x82]))
        try scratch.write("message", message)
        let text = try scratch.openssl("cms -cmsout -print -noout -inform DER -in message")
        #expect(text.contains("object: undefined (2.16.840.1.113733.1.9.2) set: PRINTABLESTRING:19"))
        #expect(message.contains([0x31, 18, 0x04, 16] + [UInt8](0..<16)))
        for name in ["contentType", "messageDigest", "signingTime", "issuerAndSerialNumber"] {
            #expect(text.contains(name), "\(name)")
        }
        #expect(!text.contains("S/MIME Capabilities"))
        #expect(text.split(separator: "d.certificate:").count == 2)
        #expect(text.contains("crls: <ABSENT>"))
        #expect(text.contains("eContentType: pkcs7-data"))
    }

    @Test func `An attribute twice, or text outside PrintableString, is refused`() {
        let type = SignedAttribute(type: messageType, value: .printableString("19"))
        expectFault(.malformed) { try sign([type, type]) }
        for text in ["a_b", "a@b", "ä", "a\n"] {
            expectFault(.malformed) { try sign([SignedAttribute(type: messageType, value: .printableString(text))]) }
        }
        expectFault(.malformed) {
            try sign([SignedAttribute(type: ObjectIdentifier(content: []), value: .octetString([1]))])
        }
    }

    @Test func `Another certificate's key does not sign`() {
        expectFault(.unusableKey) { try sign(key: parties.insider.key.secret) }
        expectFault(.unusableKey) { try sign(key: parties.curve.key.secret) }
    }

    // MARK: What is received

    @Test(arguments: [
        "-nodetach", "-nodetach -nocerts", "-nodetach -stream", "-nodetach -md sha384", "-nodetach -md sha1",
        "-nodetach -md md5", "-nodetach -keyid",
        "-nodetach -certfile insider.pem", "-nodetach -noattr",
    ])
    func `A message by an allowed signer verifies, whatever certificates are in it`(options: String) throws {
        #expect(try openssl.verifySignedData(message(options), signers: allowed) == parties.registration.certificate)
    }

    @Test(arguments: ["-nodetach -certfile insider.pem", "-nodetach -stream -certfile insider.pem"])
    func `What travels unsigned does not reach libcrypto`(options: String) throws {
        let message = try message(options)
        let stranger = parties.insider.certificate.der
        #expect(message.firstRange(of: stranger) != nil)
        let bare = try CMSSignedMessage.withoutCertificates(message)
        #expect(bare.firstRange(of: stranger) == nil)
        #expect(bare.firstRange(of: parties.registration.certificate.der) == nil)
        #expect(try CMSSignedMessage.withoutCertificates(bare) == bare)
        // The program is given the signer by hand.
        try scratch.write("message", bare)
        try scratch.openssl(
            "cms -verify -binary -inform DER -in message -certfile ra.pem -nointern -noverify -out verified")
        #expect(try scratch.read("verified") == content)
    }

    @Test func `An EC key verifies`() throws {
        let message = try message("-nodetach", signer: "curve")
        let signer = parties.curve.certificate
        #expect(try openssl.verifySignedData(message, signers: [signer]) == signer)
    }

    @Test func `A message without content verifies, and so does one with content of no bytes`() throws {
        // Detached from an empty file: no eContent at all, as in PENDING and FAILURE (RFC 8894 §3.3.2).
        let absent = try message("", content: "empty")
        let present = try message("-nodetach", content: "empty")
        #expect(absent.count < present.count)
        #expect(try openssl.verifySignedData(absent, signers: allowed) == parties.registration.certificate)
        #expect(try openssl.verifySignedData(present, signers: allowed) == parties.registration.certificate)
    }

    @Test func `A message whose content was taken away does not verify`() throws {
        let detached = try message("")
        expectFault(.signatureInvalid) { try openssl.verifySignedData(detached, signers: allowed) }
    }

    @Test func `Another device of the same CA is no signer`() throws {
        for options in ["-nodetach", "-nodetach -certfile ra.pem", "-nodetach -nocerts"] {
            let message = try message(options, signer: "insider")
            expectFault(.signerUnknown) { try openssl.verifySignedData(message, signers: allowed) }
        }
    }

    @Test func `A certificate with the signer's issuer and serial number is not the signer`() throws {
        #expect(parties.forged.certificate.serialNumber == parties.registration.certificate.serialNumber)
        #expect(parties.forged.certificate.issuer == parties.registration.certificate.issuer)
        for options in ["-nodetach", "-nodetach -nocerts"] {
            let message = try message(options, signer: "forged")
            expectFault(.signatureInvalid) { try openssl.verifySignedData(message, signers: allowed) }
        }
    }

    @Test func `Without any allowed signer nothing verifies`() throws {
        let message = try message("-nodetach")
        expectFault(.signerUnknown) { try openssl.verifySignedData(message, signers: []) }
        expectFault(.signerUnknown) {
            try openssl.verifySignedData(message, signers: [parties.authority.certificate])
        }
    }

    @Test func `No signer, or two of them, are not one`() throws {
        try scratch.openssl("crl2pkcs7 -nocrl -certfile ra.pem -outform DER -out message")
        let degenerate = try scratch.read("message")
        expectFault(.malformed) { try openssl.verifySignedData(degenerate, signers: allowed) }
        let two = try message("-nodetach -signer insider.pem -inkey insider.key")
        expectFault(.malformed) { try openssl.verifySignedData(two, signers: allowed) }
    }

    @Test func `Other content types are refused`() throws {
        try scratch.openssl("cms -encrypt -binary -in content -aes128 -outform DER -out message device.pem")
        let enveloped = try scratch.read("message")
        for bytes in [enveloped, [], Array("<html>".utf8), [0x30, 0x80], [0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF]] {
            expectFault(.malformed) { try openssl.verifySignedData(bytes, signers: allowed) }
        }
    }

    @Test func `A message that was cut, lengthened or changed does not verify`() throws {
        let message = try message("-nodetach -nocerts")
        for count in 0..<message.count {
            expectFault(.malformed) { try openssl.verifySignedData(Array(message.prefix(count)), signers: allowed) }
        }
        expectFault(.malformed) { try openssl.verifySignedData(message + [0], signers: allowed) }
        let start = try #require(message.firstRange(of: content)?.lowerBound)
        for position in start..<(start + content.count) {
            var changed = message
            changed[position] ^= 0x01
            expectFault(.signatureInvalid) { try openssl.verifySignedData(changed, signers: allowed) }
        }
        // The signature is the last thing in the message.
        var changed = message
        changed[message.count - 1] ^= 0x01
        expectFault(.signatureInvalid) { try openssl.verifySignedData(changed, signers: allowed) }
    }

    @Test func `A failed operation leaves nothing behind for the next`() throws {
        let message = try message("-nodetach")
        expectFault(.malformed) { try openssl.verifySignedData([0x30, 0x03], signers: allowed) }
        expectFault(.signerUnknown) { try openssl.verifySignedData(message, signers: []) }
        do {
            _ = try openssl.verifySignedData(message, signers: [])
        } catch { #expect(!"\(error)".contains("asn1"), "\(error)") }
    }
}
