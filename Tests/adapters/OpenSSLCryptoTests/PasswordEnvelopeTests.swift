import OpenSSLCrypto
import SCEP
import Secrets
import TestFiles
import TestPKI
import Testing
import X509

/// Envelopes under a password (RFC 5652 §6.2.4), with the `openssl` program at the other end.
@Suite struct PasswordEnvelopeTests {
    private let openssl = OpenSSL()
    private let scratch: ScratchFolder
    private let content = Array("a\nb\r\n\u{0}c\n".utf8)
    private let password = "correct-horse-battery"

    init() throws {
        scratch = try ScratchFolder()
        try scratch.write("content", content)
    }

    /// What the `openssl` program encrypts under the password.
    private func message(_ options: String) throws -> [UInt8] {
        try scratch.openssl(
            "cms -encrypt -binary -in content -outform DER -out message -pwri_password \(password) \(options)")
        return try scratch.read("message")
    }

    private func open(_ message: [UInt8], _ password: String? = nil) throws -> [UInt8] {
        try openssl.openEnvelope(message, password: Secret(password ?? self.password), legacyCiphers: false)
    }

    @Test(arguments: [ContentCipher.aes128CBC, .aes192CBC, .aes256CBC, .tripleDESCBC])
    func `What is enveloped, the openssl program opens unchanged`(cipher: ContentCipher) throws {
        let message = try openssl.envelop(Secret(content), password: Secret(password), cipher: cipher)
        try scratch.write("message", message)
        try scratch.openssl(
            "cms -decrypt -binary -inform DER -in message -pwri_password \(password) -out opened")
        #expect(try scratch.read("opened") == content)
        #expect(try open(message) == content)
    }

    @Test func `An envelope is DER with PBKDF2, HMAC-SHA-256, 100,000 iterations and a fresh salt`() throws {
        let message = try openssl.envelop(Secret(content), password: Secret(password), cipher: .aes128CBC)
        try scratch.write("message", message)
        let text = try scratch.openssl("asn1parse -inform DER -in message")
        // 0x0186A0 is 100,000.
        let parts = [
            "OBJECT :PBKDF2", "OCTET STRING [HEX DUMP]", "INTEGER :0186A0", "OBJECT :hmacWithSHA256",
            "OBJECT :id-alg-PWRI-KEK", "OBJECT :aes-128-cbc", "OBJECT :pkcs7-data", "OBJECT :aes-128-cbc",
        ]
        var rest = text[...]
        for part in parts {
            let range = try #require(rest.firstRange(of: part), "\(part) in \(text)")
            rest = rest[range.upperBound...]
        }
        #expect(text.contains("cont [ 3 ]"))
        let made = try (0..<4).map { _ in
            try CMSEnvelope.admit(
                openssl.envelop(Secret(content), password: Secret(password), cipher: .aes128CBC), allowsPassword: true)
        }
        #expect(Set(made.compactMap(\.password?.salt)).count == 4)
        #expect(Set(made.map(\.encryptedContent)).count == 4)
        #expect(made.allSatisfy { $0.password?.iterations == 100_000 && $0.recipients.isEmpty })
    }

    @Test(arguments: ["-aes128", "-aes192", "-aes256", "-des3", "-aes128 -stream"])
    func `What the openssl program encrypts is opened`(options: String) throws {
        // It wraps with the content's cipher, and 3DES wraps nothing here.
        guard options != "-des3" else {
            let message = try message(options)
            return expectFault(.malformed) { try open(message) }
        }
        #expect(try open(message(options)) == content)
    }

    @Test func `Another password opens nothing`() throws {
        let message = try message("-aes256")
        for other in ["", "correct-horse-batterY", password + " "] {
            expectFault(.decryptionFailed) { try open(message, other) }
        }
    }

    @Test func `A message for a certificate is not for who knows a password, alone or beside one`() throws {
        let parties = try Parties.made.get()
        try scratch.write("ra", parties.registration)
        try scratch.openssl("cms -encrypt -binary -in content -outform DER -out message -aes128 ra.pem")
        let alone = try scratch.read("message")
        expectFault(.notForUs) { try open(alone) }
        let beside = try message("-aes128 ra.pem")
        expectFault(.malformed) { try open(beside) }
    }

    @Test func `Single DES is never sent`() {
        expectFault(.algorithmRefused) {
            try openssl.envelop(Secret(content), password: Secret(password), cipher: .desCBC)
        }
    }

    @Test func `A message that was cut, lengthened or changed never opens as it was`() throws {
        let message = try message("-aes128")
        for count in 0..<message.count {
            expectFault(.malformed) { try open(Array(message.prefix(count))) }
        }
        expectFault(.malformed) { try open(message + [0]) }
        for position in message.indices {
            var changed = message
            changed[position] ^= 0x55
            if let opened = try? open(changed) { #expect(opened != content) }
        }
    }

    @Test func `An EC key signs messages as its digest is named`() throws {
        let parties = try Parties.made.get()
        for digest in [DigestAlgorithm.sha256, .sha384, .sha512] {
            let message = try openssl.sign(
                content, attributes: [], signer: parties.curve.certificate, key: parties.curve.key.secret,
                digest: digest)
            #expect(try CMSSignedMessage.admit(message).digest == digest)
            #expect(
                try openssl.verifySignedData(message, signers: [parties.curve.certificate])
                    == parties.curve.certificate)
            try scratch.write("message", message)
            try scratch.write("curve", parties.curve)
            try scratch.openssl("cms -verify -binary -noverify -inform DER -in message -certfile curve.pem -out opened")
            #expect(try scratch.read("opened") == content)
        }
    }
}
