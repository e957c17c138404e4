import Faults
import SCEP
import TestPKI
import Testing
import X509

@Suite struct CMSEnvelopeTests {
    private static let plain = [UInt8](repeating: 3, count: 1000)

    private func device() throws -> Certificate { try CertificateOrder("CN=device", key: .device).issue().certificate }

    private func envelope() throws -> TestEnvelope { TestEnvelope(Self.plain, for: try device()) }

    @Test(arguments: [
        ("AES-128-CBC", ContentCipher.aes128CBC), ("AES-192-CBC", .aes192CBC), ("AES-256-CBC", .aes256CBC),
        ("DES-EDE3-CBC", .tripleDESCBC),
    ])
    func `an envelope by libcrypto is admitted, in pieces too`(name: String, cipher: ContentCipher) throws {
        for isStreamed in [false, true] {
            let bytes = try envelope().with {
                $0.cipher = name
                $0.isStreamed = isStreamed
            }.encoded()
            #expect(bytes.starts(with: [0x30, 0x80]) == isStreamed)
            let admitted = try CMSEnvelope.admit(bytes)
            #expect(admitted.cipher == cipher)
            #expect(try admitted.isFor(device()))
        }
    }

    @Test func `an envelope tells whom it is for`() throws {
        let other = try CertificateOrder("CN=other", key: .other).issue().certificate
        let both = try CMSEnvelope.admit(envelope().with { $0.recipients = [other, try device()] }.encoded())
        #expect(both.recipients.count == 2)
        #expect(try both.isFor(device()) && both.isFor(other))
        let foreign = try CMSEnvelope.admit(envelope().with { $0.recipients = [other] }.encoded())
        #expect(try !foreign.isFor(device()))
        let byKey = try CMSEnvelope.admit(envelope().with { $0.namesKeyIdentifier = true }.encoded())
        #expect(try byKey.isFor(device()) && !byKey.isFor(other))
    }

    @Test func `eight recipients are admitted and nine are not`() throws {
        let device = try device()
        func refusal(_ count: Int) throws -> CMSFaultCode? {
            let bytes = try envelope().with { $0.recipients = [Certificate](repeating: device, count: count) }.encoded()
            return SCEPTests.refusal(try CMSEnvelope.admit(bytes))
        }
        #expect(try refusal(8) == nil)
        #expect(try refusal(9) == .recipientCount)
    }

    @Test func `passwords and key agreement are refused as recipients, alone or beside ours`() throws {
        let password = try envelope().with { $0.password = "secret" }.encoded()
        let fault = #expect(throws: CMSFault.self) { try CMSEnvelope.admit(password) }
        #expect(fault?.code == .recipientKind && fault?.got == "a password")
        let elliptic = try CertificateOrder("CN=EC", key: .elliptic).issue().certificate
        let agreed = try envelope().with { $0.recipients.append(elliptic) }.encoded()
        let agreement = #expect(throws: CMSFault.self) { try CMSEnvelope.admit(agreed) }
        #expect(agreement?.code == .recipientKind && agreement?.got == "key agreement")
    }

    @Test func `what is no EnvelopedData is refused by its own code and named`() throws {
        let device = try device()
        let authenticated = try envelope().with { $0.cipher = "id-aes128-GCM" }.encoded()
        let signer = TestIdentity(certificate: device, key: .device)
        let all: [([UInt8], CMSFaultCode, String)] = [
            (authenticated, .authenticatedEnvelope, "1.2.840.113549.1.9.16.1.23"),
            (try TestEnvelope.encryptedData([1]), .encryptedData, "1.2.840.113549.1.7.6"),
            (CMSForgery.contentInfo(CMSForgery.data, DERWriter.octetString([1])), .plainData, "1.2.840.113549.1.7.1"),
            (try TestMessage([1], signer: signer).encoded(), .plainSignedData, "1.2.840.113549.1.7.2"),
            (try TestMessage.degenerate([device]), .plainSignedData, "1.2.840.113549.1.7.2"),
            (CMSForgery.contentInfo(.sha256, []), .unexpectedContentType, "2.16.840.1.101.3.4.2.1"),
        ]
        for (bytes, code, got) in all {
            let fault = #expect(throws: CMSFault.self) { try CMSEnvelope.admit(bytes) }
            #expect(fault?.code == code && fault?.got == got)
        }
        for bytes: [UInt8] in [[], device.der, Array("garbage".utf8)] {
            #expect(refusal(try CMSEnvelope.admit(bytes)) != nil)
        }
    }

    @Test func `RSA-OAEP is admitted with SHA-1 or SHA-2 and without a label`() throws {
        func refusal(_ digest: String, label: [UInt8] = []) throws -> CMSFaultCode? {
            let bytes = try envelope().with {
                $0.oaepDigest = digest
                $0.oaepLabel = label
            }.encoded()
            return SCEPTests.refusal(try CMSEnvelope.admit(bytes))
        }
        #expect(try refusal("SHA1") == nil)
        #expect(try refusal("SHA256") == nil)
        #expect(try refusal("SHA384") == nil)
        #expect(try refusal("SHA512") == nil)
        #expect(try refusal("SHA224") == .keyEncryptionRefused)
        #expect(try refusal("SHA256", label: [1]) == .keyEncryptionRefused)
    }
}
