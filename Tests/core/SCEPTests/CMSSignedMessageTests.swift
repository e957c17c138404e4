import Faults
import SCEP
import TestPKI
import Testing
import X509

@Suite struct CMSSignedMessageTests {
    private static let nonce = [UInt8](0..<16)

    private func certRep(_ content: [UInt8]?) throws -> TestMessage {
        let registration = try CertificateOrder("CN=RA", key: .registration).issue()
        return TestMessage(
            content, signer: registration,
            attributes: [
                .printable("2.16.840.1.113733.1.9.2", "3"), .printable("2.16.840.1.113733.1.9.3", "2"),
                .printable("2.16.840.1.113733.1.9.4", "1"), .octets("2.16.840.1.113733.1.9.5", [1, 2]),
                .octets("2.16.840.1.113733.1.9.6", Self.nonce), .printable("2.16.840.1.113733.1.9.7", "ABC"),
                TestAttribute("1.3.6.1.5.5.7.24.1", type: 12, value: Array("nein: ä".utf8)),
                .printable("1.3.6.1.4.1.311.21.33", "-2147024809"),
            ])
    }

    @Test func `a message by libcrypto is admitted with all that it says`() throws {
        let made = try certRep([7, 8, 9])
        let message = try CMSSignedMessage.admit(made.encoded())
        #expect(message.digest == .sha256)
        #expect(message.messageType == "3" && message.pkiStatus == "2" && message.failInfo == "1")
        #expect(message.transactionID == "ABC" && message.failInfoText == "nein: ä")
        #expect(message.senderNonce == [1, 2] && message.recipientNonce == Self.nonce)
        #expect(message.content == [7, 8, 9])
        #expect(message.certificates == [made.signers[0].certificate.der])
        #expect(message.signer.names(made.signers[0].certificate))
        let other = try CertificateOrder("CN=RA", key: .registration).with { $0.serial = 2 }.issue().certificate
        #expect(!message.signer.names(other))
    }

    @Test func `content may be absent, empty, one byte, or in pieces`() throws {
        #expect(try CMSSignedMessage.admit(certRep(nil).encoded()).content == nil)
        #expect(try CMSSignedMessage.admit(certRep([]).encoded()).content == [])
        #expect(try CMSSignedMessage.admit(certRep([0]).encoded()).content == [0])
        let long = [UInt8](repeating: 0x5A, count: 20_000)
        let streamed = try certRep(long).with { $0.isStreamed = true }.encoded()
        #expect(streamed.starts(with: [0x30, 0x80]))
        #expect(try CMSSignedMessage.admit(streamed).content == long)
    }

    @Test func `a signer may be left out, be named by key identifier, and sign as RSA-PSS or ECDSA`() throws {
        let without = try CMSSignedMessage.admit(certRep([1]).with { $0.embedsSigners = false }.encoded())
        #expect(without.certificates.isEmpty)
        let byKey = try certRep([1]).with { $0.namesKeyIdentifier = true }
        #expect(try CMSSignedMessage.admit(byKey.encoded()).signer.names(byKey.signers[0].certificate))
        let pss = try certRep([1]).with { $0.usesPSS = true }
        #expect(try CMSSignedMessage.admit(pss.encoded()).digest == .sha256)
        let elliptic = try CertificateOrder("CN=EC", key: .elliptic).issue()
        let ecdsa = try certRep([1]).with { $0.signers = [elliptic] }
        #expect(try CMSSignedMessage.admit(ecdsa.encoded()).digest == .sha256)
    }

    @Test(arguments: [
        ("SHA1", DigestAlgorithm.sha1), ("SHA256", .sha256), ("SHA384", .sha384), ("SHA512", .sha512),
    ])
    func `digests are told apart`(name: String, digest: DigestAlgorithm) throws {
        #expect(try CMSSignedMessage.admit(certRep([1]).with { $0.digest = name }.encoded()).digest == digest)
    }

    @Test func `MD5 is refused by name`() throws {
        let bytes = try certRep([1]).with { $0.digest = "MD5" }.encoded()
        let fault = #expect(throws: CMSFault.self) { try CMSSignedMessage.admit(bytes) }
        #expect(fault?.code == .digestRefused)
        #expect(fault?.got == "1.2.840.113549.2.5")
    }

    @Test func `none or two signers are refused`() throws {
        let two = try certRep([1]).with { message in
            message.signers.append(try CertificateOrder("CN=evil", key: .other).issue())
        }.encoded()
        #expect(refusal(try CMSSignedMessage.admit(two)) == .signerCount)
        #expect(refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.signerCount = 0 })) == .signerCount)
    }

    @Test func `a message without signed attributes is refused`() throws {
        let plain = try certRep([1]).with {
            $0.hasSignedAttributes = false
            $0.attributes = []
        }.encoded()
        #expect(refusal(try CMSSignedMessage.admit(plain)) == .missingAttribute)
    }

    @Test func `other content types are refused`() throws {
        let timestamp = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 16, 1, 4)
        for type in [timestamp, CMSForgery.signedData] {
            #expect(
                refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.eContentType = type }))
                    == .unexpectedContentType)
        }
        for type in [CMSForgery.data, CMSForgery.envelopedData] {
            #expect(
                refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.contentInfoType = type }))
                    == .unexpectedContentType)
        }
        let embedded = CMSForgery.attribute(
            CMSForgery.contentType, DERWriter.objectIdentifier(CMSForgery.envelopedData))
        let wrong = CMSForgery.with { $0.attributes = [embedded, CMSForgery.required[1]] }
        #expect(refusal(try CMSSignedMessage.admit(wrong)) == .attributeValue)
        #expect(refusal(try CMSSignedMessage.admit(CMSForgery().encoded())) == nil)
    }

    @Test func `algorithms that do not fit the digest or that nobody uses are refused`() throws {
        func refusal(signature: [UInt8], digest: [UInt8] = DERWriter.algorithm(.sha256)) -> CMSFaultCode? {
            SCEPTests.refusal(
                try CMSSignedMessage.admit(
                    CMSForgery.with {
                        $0.signature = signature
                        $0.digest = digest
                    }))
        }
        #expect(refusal(signature: DERWriter.algorithm(.sha256WithRSA)) == nil)
        #expect(refusal(signature: DERWriter.algorithm(.ecdsaWithSHA256)) == nil)
        for algorithm in [ObjectIdentifier.sha1WithRSA, .md5WithRSA, .dsaWithSHA1, .sha512WithRSA, .ecdsaWithSHA1] {
            #expect(refusal(signature: DERWriter.algorithm(algorithm)) == .signatureAlgorithmRefused)
        }
        // RSA-PSS whose parameters are absent means SHA-1.
        #expect(refusal(signature: DERWriter.algorithm(.rsaPSS)) == .signatureAlgorithmRefused)
        #expect(refusal(signature: DERWriter.algorithm(.rsaPSS, parameters: [5, 0])) == .malformed)
        let parameters = DERWriter.algorithm(.sha256, parameters: DERWriter.octetString([1]))
        #expect(refusal(signature: DERWriter.algorithm(.sha256WithRSA), digest: parameters) == .malformed)
    }

    @Test func `versions that do not exist are refused`() {
        for version: UInt32 in [0, 6] {
            #expect(refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.version = version })) == .unexpectedVersion)
        }
        for version: UInt32 in [0, 2, 4] {
            #expect(
                refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.signerVersion = version }))
                    == .unexpectedVersion)
        }
    }

    @Test func `embedded certificates are limited and X509 only`() throws {
        let many = [[UInt8]](repeating: [0x30, 0x00], count: 17)
        #expect(
            refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.certificates = many })) == .certificateCount)
        #expect(
            refusal(try CMSSignedMessage.admit(CMSForgery.with { $0.certificates = Array(many.dropLast()) })) == nil)
        for kind: UInt8 in [0xA0, 0xA1, 0xA2, 0xA3] {
            let other = CMSForgery.with { $0.certificates = [[kind, 0x00]] }
            #expect(refusal(try CMSSignedMessage.admit(other)) == .certificateKind)
        }
    }
}
