import OpenSSLCrypto
import SCEP
import Secrets
import TestFiles
import TestPKI
import Testing
import X509

@Suite struct EnvelopeTests {
    let openssl = OpenSSL()
    let parties: Parties
    let scratch: ScratchFolder
    /// Text that would change if line ends were touched.
    let content = Array("a\nb\r\n\u{0}c\n".utf8)

    init() throws {
        parties = try Parties.made.get()
        scratch = try ScratchFolder()
        try scratch.write("device", parties.device, .device)
        try scratch.write("ra", parties.registration)
        try scratch.write("curve", parties.curve)
        try scratch.write("content", content)
    }

    private func open(_ message: [UInt8], legacyCiphers: Bool = false) throws -> [UInt8] {
        try openssl.openEnvelope(
            message, recipient: parties.device, key: TestKey.device.secret, legacyCiphers: legacyCiphers
        )
    }

    /// What the `openssl` program encrypts to this device.
    private func message(_ options: String, recipients: String = "device.pem") throws -> [UInt8] {
        try scratch.openssl("cms -encrypt -binary -in content -outform DER -out message \(options) \(recipients)")
        return try scratch.read("message")
    }

    // MARK: What is sent

    @Test(arguments: [ContentCipher.aes128CBC, .aes192CBC, .aes256CBC, .tripleDESCBC])
    func `What is enveloped, the openssl program opens unchanged`(cipher: ContentCipher) throws {
        let message = try openssl.envelop(
            Secret(content), to: parties.registration.certificate, cipher: cipher)
        try scratch.write("message", message)
        try scratch.openssl(
            "cms -decrypt -binary -inform DER -in message -recip ra.pem -inkey ra.key -out opened")
        #expect(try scratch.read("opened") == content)
    }

    @Test func `An envelope is definite-length DER with one key transport recipient`() throws {
        let message = try openssl.envelop(Secret(content), to: parties.registration.certificate, cipher: .aes128CBC)
        #expect(message.starts(with: [0x30, 0x82]))
        try scratch.write("message", message)
        let text = try scratch.openssl("cms -cmsout -print -noout -inform DER -in message")
        #expect(text.ranges(of: "d.ktri:").count == 1)
        #expect(text.ranges(of: "d.issuerAndSerialNumber:").count == 1)
        #expect(text.contains("algorithm: aes-128-cbc"))
        #expect(text.contains("contentType: pkcs7-data"))
    }

    @Test func `Nothing at all can be enveloped`() throws {
        let message = try openssl.envelop(Secret([]), to: parties.device, cipher: .aes128CBC)
        #expect(try open(message) == [])
    }

    @Test func `A recipient whose key cannot be encrypted to is refused`() {
        expectFault(.unusableKey) {
            try openssl.envelop(Secret(content), to: parties.curve.certificate, cipher: .aes128CBC)
        }
    }

    @Test func `Single DES is never sent`() {
        expectFault(.algorithmRefused) {
            try openssl.envelop(Secret(content), to: parties.registration.certificate, cipher: .desCBC)
        }
    }

    // MARK: What is received

    @Test(arguments: [
        "-aes128", "-aes192", "-aes256", "-des3", "-aes128 -stream",
        "-aes128 -keyopt rsa_padding_mode:oaep", "-aes128 -keyid",
    ])
    func `What the openssl program encrypts is opened`(options: String) throws {
        // Only -recip takes the options for the key transport.
        let recipients = options.contains("keyopt") ? "" : "device.pem"
        let options = options.contains("keyopt") ? "-recip device.pem \(options)" : options
        #expect(try open(message(options, recipients: recipients)) == content)
    }

    @Test func `The recipient may be one of several`() throws {
        #expect(try open(message("-aes128", recipients: "ra.pem device.pem")) == content)
    }

    @Test func `A message to somebody else is not for us`() throws {
        let message = try message("-aes128", recipients: "ra.pem")
        expectFault(.notForUs) { try open(message) }
    }

    @Test func `Single DES is opened only where it is allowed, and stays out of the process's own context`() throws {
        let message = try message("-des -provider legacy -provider default")
        expectFault(.algorithmRefused) { try open(message) }
        #expect(try open(message, legacyCiphers: true) == content)
        expectFault(.algorithmRefused) { try open(message) }
    }

    @Test func `Modern ciphers are opened where legacy ones are allowed too`() throws {
        #expect(try open(message("-aes256"), legacyCiphers: true) == content)
    }

    @Test(arguments: [false, true])
    func `With another key than the recipient's, what comes out is never the content`(legacyCiphers: Bool) throws {
        let message =
            try legacyCiphers ? message("-des -provider legacy -provider default") : message("-aes128")
        for _ in 0..<40 {
            // One time in about 256 this does not throw: libcrypto went on with a random content key.
            let opened = try? openssl.openEnvelope(
                message, recipient: parties.device, key: parties.registration.key.secret,
                legacyCiphers: legacyCiphers)
            #expect(opened != content)
        }
    }

    @Test func `A content key that is not what was wrapped brings no certificates, in 2,000 tries (N-61)`() throws {
        let message = try message("-aes128")
        // The wrapped key is the only OCTET STRING of 256 bytes.
        let header: [UInt8] = [0x04, 0x82, 0x01, 0x00]
        let starts = message.indices.filter { message[$0...].starts(with: header) }
        let start = try #require(starts.first)
        #expect(starts.count == 1)
        for _ in 0..<2000 {
            var garbled = message
            // Smaller than any modulus of that length.
            garbled[start + 4] = 0
            for index in start + 5..<start + 260 { garbled[index] = .random(in: 0...255) }
            // As in 8 of them or so libcrypto finds a padding where there is none.
            guard let opened = try? open(garbled) else { continue }
            #expect(throws: CMSFault.self) { try CMSCertificateBundle.admit(opened) }
        }
    }

    @Test func `A key that is not RSA opens nothing`() throws {
        let message = try message("-aes128")
        expectFault(.decryptionFailed, .unusableKey) {
            try openssl.openEnvelope(
                message, recipient: parties.device, key: parties.curve.key.secret, legacyCiphers: false)
        }
    }

    @Test(arguments: [
        "-pwri_password secret -aes128", "-secretkey 00112233445566778899AABBCCDDEEFF -secretkeyid 01 -aes128",
    ])
    func `Recipients by password or key wrap are refused, even beside us`(options: String) throws {
        let alone = try message(options, recipients: "")
        expectFault(.malformed) { try open(alone) }
        let beside = try message(options)
        expectFault(.malformed) { try open(beside) }
    }

    @Test func `Recipients by key agreement are refused`() throws {
        let message = try message("-aes128", recipients: "curve.pem")
        expectFault(.malformed) {
            try openssl.openEnvelope(
                message, recipient: parties.curve.certificate, key: parties.curve.key.secret, legacyCiphers: false)
        }
    }

    @Test func `Nine recipients are too many`() throws {
        let message = try message("-aes128", recipients: String(repeating: "device.pem ", count: 9))
        expectFault(.malformed) { try open(message) }
    }

    @Test func `Other content types are refused`() throws {
        let authenticated = try message("-aes-128-gcm")
        expectFault(.malformed) { try open(authenticated) }
        for command in [
            "-data_create", "-digest_create",
            "-EncryptedData_encrypt -secretkey \(String(repeating: "0", count: 32)) -aes128",
        ] {
            try scratch.openssl("cms \(command) -binary -in content -outform DER -out message")
            let message = try scratch.read("message")
            expectFault(.malformed) { try open(message) }
        }
    }

    @Test func `A message that was cut, lengthened or changed never opens as it was`() throws {
        let message = try message("-aes128")
        for count in 0..<message.count {
            expectFault(.malformed) { try open(Array(message.prefix(count))) }
        }
        expectFault(.malformed) { try open(message + [0]) }
        for position in stride(from: 0, to: message.count, by: 7) {
            var changed = message
            changed[position] ^= 0x55
            if let opened = try? open(changed) {
                #expect(opened != content || changed[..<position] == message[..<position])
            }
        }
    }
}
