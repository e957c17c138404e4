import Faults
import SCEP
import TestPKI
import Testing
import X509

/// PasswordRecipientInfo written by hand, in an envelope that is right otherwise.
private struct ForgedPassword {
    var version: UInt32 = 0
    var envelopeVersion: UInt32 = 3
    var derivation = ObjectIdentifier.pbkdf2
    var salt = DERWriter.octetString(zeros(16))
    /// INTEGER, whole.
    var iterations = DERWriter.integer(1000)
    var keyLength: [UInt8] = []
    var function = DERWriter.algorithm(DigestAlgorithm.sha256.messageAuthentication, parameters: [5, 0])
    var wrapping = ObjectIdentifier.passwordKeyWrap
    var cipher = ContentCipher.aes128CBC.identifier
    var vector = zeros(16)
    var key = zeros(32)
    var others: [[UInt8]] = []

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private func encoded() -> [UInt8] {
        let parameters = DERWriter.sequence(salt, iterations, keyLength, function)
        let recipient = DERWriter.element(
            .context(3),
            DERWriter.integer(version)
                + DERWriter.element(.context(0), DERWriter.objectIdentifier(derivation) + parameters)
                + DERWriter.algorithm(
                    wrapping, parameters: DERWriter.algorithm(cipher, parameters: DERWriter.octetString(vector)))
                + DERWriter.octetString(key))
        let content = DERWriter.sequence(
            DERWriter.objectIdentifier(CMSForgery.data),
            DERWriter.algorithm(
                ContentCipher.aes128CBC.identifier, parameters: DERWriter.octetString(Self.zeros(16))),
            DERWriter.element(.contextPrimitive(0), Self.zeros(32)))
        let all = DERWriter.element(.set, ([recipient] + others).flatMap { $0 })
        return CMSForgery.contentInfo(
            CMSForgery.envelopedData, DERWriter.sequence(DERWriter.integer(envelopeVersion), all, content))
    }

    static func admit(
        allowed: Bool = true, _ change: (inout ForgedPassword) -> Void = { _ in }
    ) throws(CMSFault) -> CMSPassword? {
        var forged = ForgedPassword()
        change(&forged)
        return try CMSEnvelope.admit(forged.encoded(), allowsPassword: allowed).password
    }

    static func refusal(_ change: (inout ForgedPassword) -> Void) -> CMSFaultCode? {
        SCEPTests.refusal(try admit(change))
    }
}

@Suite struct CMSPasswordTests {
    @Test func `the pattern itself is admitted, and only where passwords are`() throws {
        let admitted = try #require(try ForgedPassword.admit())
        #expect(admitted.iterations == 1000 && admitted.digest == .sha256 && admitted.cipher == .aes128CBC)
        #expect(refusal(try ForgedPassword.admit(allowed: false)) == .recipientKind)
        #expect(ForgedPassword.refusal { $0.envelopeVersion = 0 } == nil)
        #expect(ForgedPassword.refusal { $0.envelopeVersion = 4 } == .unexpectedVersion)
        #expect(ForgedPassword.refusal { $0.version = 2 } == .unexpectedVersion)
    }

    /// N-65: each of these would keep a machine busy for minutes to centuries, if anything were derived.
    @Test(
        arguments: [
            [0x00, 0x98, 0x96, 0x81], [0x7F, 0xFF, 0xFF, 0xFF], [0x00, 0x80, 0x00, 0x00, 0x00], [0xFF], [0x00],
            [0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [UInt8](repeating: 0x7F, count: 64),
        ] as [[UInt8]])
    func `a number of iterations beyond ten million, or none, is refused before anything is derived`(
        octets: [UInt8]
    ) throws {
        // The shortest form: 10,000,001 has three octets.
        let shortest = octets.count == 4 && octets[0] == 0 && octets[1] < 0x80 ? Array(octets.dropFirst()) : octets
        let fault = #expect(throws: CMSFault.self) {
            try ForgedPassword.admit { $0.iterations = DERWriter.integer(content: shortest) }
        }
        #expect(fault?.code == .keyDerivationRefused)
    }

    @Test func `ten million iterations are admitted, and one`() throws {
        for count: UInt32 in [1, 2048, 10_000_000] {
            #expect(try ForgedPassword.admit { $0.iterations = DERWriter.integer(count) }?.iterations == Int(count))
        }
    }

    @Test func `derivations off the list are refused`() {
        func refusal(_ change: (inout ForgedPassword) -> Void) -> Bool {
            ForgedPassword.refusal(change) == .keyDerivationRefused
        }
        let scrypt = ObjectIdentifier(1, 3, 6, 1, 4, 1, 11591, 4, 11)
        #expect(refusal { $0.derivation = scrypt })
        #expect(refusal { $0.function = DERWriter.algorithm(ObjectIdentifier(1, 2, 840, 113549, 2, 5)) })
        for count in [0, 7, 129, 100_000] {
            #expect(refusal { $0.salt = DERWriter.octetString(ForgedPassword.zeros(count)) })
        }
        // otherSource (RFC 8018 appendix A.2).
        #expect(refusal { $0.salt = DERWriter.algorithm(.sha256) })
        #expect(refusal { $0.keyLength = DERWriter.integer(32) })
        #expect(ForgedPassword.refusal { $0.keyLength = DERWriter.integer(16) } == nil)
        #expect(ForgedPassword.refusal { $0.function = [] } == nil)
    }

    @Test func `wraps off the list are refused`() {
        func refusal(_ change: (inout ForgedPassword) -> Void) -> CMSFaultCode? { ForgedPassword.refusal(change) }
        let keyWrap = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, 5)
        #expect(refusal { $0.wrapping = keyWrap } == .keyEncryptionRefused)
        for cipher in [ContentCipher.tripleDESCBC, .desCBC] {
            #expect(refusal { $0.cipher = cipher.identifier } == .keyEncryptionRefused)
        }
        #expect(refusal { $0.vector = ForgedPassword.zeros(8) } == .initialisationVector)
        for count in [0, 16, 31, 33, 96, 2048] {
            #expect(refusal { $0.key = ForgedPassword.zeros(count) } == .keyEncryptionRefused)
        }
    }

    @Test func `a password stands alone`() throws {
        let device = try CertificateOrder("CN=device", key: .device).issue().certificate
        let beside = try TestEnvelope([1], for: device).with { $0.password = "secret" }.encoded()
        #expect(refusal(try CMSEnvelope.admit(beside, allowsPassword: true)) != nil)
        #expect(ForgedPassword.refusal { $0.others = [[0xA3, 0x00]] } == .recipientCount)
        let transport = try CMSEnvelope.admit(TestEnvelope([1], for: device).encoded(), allowsPassword: true)
        #expect(transport.password == nil && transport.recipients.count == 1)
    }
}
