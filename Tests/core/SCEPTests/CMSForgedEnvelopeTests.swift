import SCEP
import Testing
import X509

/// EnvelopedData written by hand.
private struct ForgedEnvelope {
    var version: UInt32 = 0
    /// Whole element; empty leaves it out.
    var originator: [UInt8] = []
    var recipients: [[UInt8]] = [ForgedEnvelope.recipient()]
    var contentType = CMSForgery.data
    var cipher = DERWriter.algorithm(ContentCipher.aes128CBC.identifier, parameters: DERWriter.octetString(zeros(16)))
    /// Whole element; empty leaves it out.
    var content = DERWriter.element(.contextPrimitive(0), zeros(32))

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    static func recipient(
        version: UInt32 = 0, algorithm: [UInt8] = DERWriter.algorithm(.rsaEncryption, parameters: [5, 0]),
        key: [UInt8] = zeros(256)
    ) -> [UInt8] {
        let identifier = DERWriter.sequence([0x30, 0x00], DERWriter.integer(7))
        return DERWriter.sequence(DERWriter.integer(version), identifier, algorithm, DERWriter.octetString(key))
    }

    static func refusal(_ change: (inout ForgedEnvelope) -> Void) -> CMSFaultCode? {
        var envelope = ForgedEnvelope()
        change(&envelope)
        let body = DERWriter.sequence(
            DERWriter.integer(envelope.version), envelope.originator,
            DERWriter.element(.set, envelope.recipients.flatMap { $0 }),
            DERWriter.sequence(DERWriter.objectIdentifier(envelope.contentType), envelope.cipher, envelope.content))
        let bytes = CMSForgery.contentInfo(CMSForgery.envelopedData, body)
        return SCEPTests.refusal(try CMSEnvelope.admit(bytes))
    }
}

@Suite struct CMSForgedEnvelopeTests {
    @Test func `the pattern itself is admitted`() {
        #expect(ForgedEnvelope.refusal { _ in } == nil)
        #expect(ForgedEnvelope.refusal { $0.version = 2 } == nil)
        // originatorInfo (RFC 5652 §6.1), of which nothing is used.
        #expect(ForgedEnvelope.refusal { $0.originator = DERWriter.element(.context(0), [0xA0, 0x00]) } == nil)
        #expect(ForgedEnvelope.refusal { $0.originator = DERWriter.element(.context(1), []) } == .malformed)
    }

    @Test func `versions that do not exist are refused`() {
        #expect(ForgedEnvelope.refusal { $0.version = 1 } == .unexpectedVersion)
        #expect(ForgedEnvelope.refusal { $0.recipients = [ForgedEnvelope.recipient(version: 3)] } == .unexpectedVersion)
    }

    @Test func `every kind of recipient but key transport is refused, and no recipient at all`() {
        for kind: UInt8 in [0xA1, 0xA2, 0xA3, 0xA4] {
            #expect(ForgedEnvelope.refusal { $0.recipients.append([kind, 0x00]) } == .recipientKind)
            #expect(ForgedEnvelope.refusal { $0.recipients = [[kind, 0x00]] } == .recipientKind)
        }
        #expect(ForgedEnvelope.refusal { $0.recipients = [] } == .recipientCount)
        let many = [[UInt8]](repeating: ForgedEnvelope.recipient(), count: 3000)
        #expect(ForgedEnvelope.refusal { $0.recipients = many } == .recipientCount)
    }

    @Test func `ciphers off the list are refused, authenticated ones by their own code`() {
        let vector = DERWriter.octetString(ForgedEnvelope.zeros(16))
        func refusal(_ identifier: ObjectIdentifier) -> CMSFaultCode? {
            ForgedEnvelope.refusal { $0.cipher = DERWriter.algorithm(identifier, parameters: vector) }
        }
        #expect(refusal(ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, 6)) == .authenticatedCipher)
        #expect(refusal(ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, 46)) == .authenticatedCipher)
        let rc2 = ObjectIdentifier(1, 2, 840, 113549, 3, 2)
        let rc4 = ObjectIdentifier(1, 2, 840, 113549, 3, 4)
        let none = ObjectIdentifier(2, 16, 840, 1, 101, 3, 4, 1, 1)
        for identifier in [rc2, rc4, none] { #expect(refusal(identifier) == .cipherRefused) }
    }

    @Test(arguments: ContentCipher.allCases)
    func `the initialisation vector is one block`(cipher: ContentCipher) {
        let block = cipher == .desCBC || cipher == .tripleDESCBC ? 8 : 16
        func refusal(_ parameters: [UInt8]) -> CMSFaultCode? {
            ForgedEnvelope.refusal { $0.cipher = DERWriter.algorithm(cipher.identifier, parameters: parameters) }
        }
        #expect(refusal(DERWriter.octetString(ForgedEnvelope.zeros(block))) == nil)
        for count in [0, block - 1, block + 1, 24 - block] {
            #expect(refusal(DERWriter.octetString(ForgedEnvelope.zeros(count))) == .initialisationVector)
        }
        #expect(refusal([]) == .initialisationVector)
        #expect(refusal([5, 0]) == .initialisationVector)
    }

    @Test func `content is there and made of whole blocks`() {
        for count in [0, 1, 15, 17, 31] {
            let content = DERWriter.element(.contextPrimitive(0), ForgedEnvelope.zeros(count))
            #expect(ForgedEnvelope.refusal { $0.content = content } == .contentLength)
        }
        #expect(ForgedEnvelope.refusal { $0.content = [] } == .contentLength)
        let eight = DERWriter.octetString(ForgedEnvelope.zeros(8))
        #expect(ForgedEnvelope.refusal { $0.content = DERWriter.element(.context(0), eight + eight) } == nil)
        #expect(ForgedEnvelope.refusal { $0.content = DERWriter.element(.context(0), eight) } == .contentLength)
        #expect(ForgedEnvelope.refusal { $0.contentType = CMSForgery.signedData } == .unexpectedContentType)
    }

    @Test func `more than 1 MiB is refused`() {
        let content = DERWriter.element(.contextPrimitive(0), ForgedEnvelope.zeros(1 << 20))
        #expect(ForgedEnvelope.refusal { $0.content = content } == .tooLarge)
    }

    @Test func `keys are encrypted under RSA with parameters as they should be`() {
        func refusal(_ algorithm: ObjectIdentifier, _ parameters: [UInt8]) -> CMSFaultCode? {
            let recipient = ForgedEnvelope.recipient(algorithm: DERWriter.algorithm(algorithm, parameters: parameters))
            return ForgedEnvelope.refusal { $0.recipients = [recipient] }
        }
        #expect(refusal(.rsaEncryption, []) == nil)
        #expect(refusal(.rsaEncryption, [0x30, 0x00]) == .keyEncryptionRefused)
        #expect(refusal(.rsaPSS, []) == .keyEncryptionRefused)
        #expect(refusal(.rsaOAEP, [0x30, 0x00]) == nil)
        let hash = DERWriter.element(.context(0), DERWriter.algorithm(.sha256, parameters: [5, 0]))
        let mask = DERWriter.element(
            .context(1), DERWriter.algorithm(.maskGeneration1, parameters: DERWriter.algorithm(.sha1)))
        #expect(refusal(.rsaOAEP, DERWriter.sequence(hash, mask)) == nil)
        let md5 = DERWriter.element(.context(0), DERWriter.algorithm(.md5))
        let otherMask = DERWriter.element(
            .context(1), DERWriter.algorithm(.sha1, parameters: DERWriter.algorithm(.sha1)))
        let noMask = DERWriter.element(.context(1), DERWriter.algorithm(.maskGeneration1))
        let nullMask = DERWriter.element(.context(1), DERWriter.algorithm(.maskGeneration1, parameters: [5, 0]))
        for parameters in [
            [], [5, 0], [0x30], [0x30, 0x01], [0x30, 0x02, 0xA0, 0x00], DERWriter.sequence(md5),
            DERWriter.sequence(otherMask),
            DERWriter.sequence(noMask), DERWriter.sequence(nullMask), DERWriter.sequence(mask, hash),
            DERWriter.sequence([0xA3, 0]),
        ] {
            #expect(refusal(.rsaOAEP, parameters) != nil)
        }
        for key in [[], ForgedEnvelope.zeros(2049)] {
            #expect(
                ForgedEnvelope.refusal { $0.recipients = [ForgedEnvelope.recipient(key: key)] } == .keyEncryptionRefused
            )
        }
    }
}
