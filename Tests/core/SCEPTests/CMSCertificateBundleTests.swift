import Faults
import SCEP
import TestPKI
import Testing
import X509

@Suite struct CMSCertificateBundleTests {
    private func root() throws -> TestIdentity { try CertificateOrder.authority().issue() }

    private func device(serial: UInt64 = 1) throws -> Certificate {
        try CertificateOrder("CN=device", key: .device, issuer: root()).with { $0.serial = serial }.issue().certificate
    }

    @Test func `a bundle by libcrypto is admitted in its order`() throws {
        let certificates = [try device(), try root().certificate]
        let bytes = try TestMessage.degenerate(certificates)
        #expect(try Set(CMSCertificateBundle.admit(bytes).certificates) == Set(certificates))
    }

    @Test func `certificates that come twice count once`() throws {
        let device = try device()
        let bytes = CMSForgery.bundle([device.der, device.der])
        #expect(try CMSCertificateBundle.admit(bytes).certificates == [device])
        #expect(refusal(try CMSCertificateBundle.admit(bytes, limit: 1)) == .certificateCount)
    }

    @Test func `one that cannot be read takes nothing from the others, and is refused alone`() throws {
        let device = try device()
        let old = try CertificateOrder("CN=old", key: .other, issuer: root()).with { $0.isVersion1 = true }
        let bundle = CMSForgery.bundle
        let unread = try old.der()
        #expect(refusal(try CMSCertificateBundle.admit(bundle([unread]))) == .malformed)
        let admitted = try CMSCertificateBundle.admit(bundle([unread, device.der]))
        #expect(admitted.certificates == [device] && admitted.unread?.code == .unexpectedValue)
        #expect(try CMSCertificateBundle.admit(bundle([device.der])).unread == nil)
        #expect(refusal(try CMSCertificateBundle.admit(bundle([device.der, [0x30, 0]]))) == .malformed)
        #expect(try CMSCertificateBundle.ofGetCACert(bundle([unread, device.der])).certificates == [device])
    }

    @Test func `empty content passes, other content and signers do not`() throws {
        let device = try device()
        func refusal(content: [UInt8]?, signers: Int) -> CMSFaultCode? {
            SCEPTests.refusal(
                try CMSCertificateBundle.admit(
                    CMSForgery.with {
                        $0.certificates = [device.der]
                        $0.eContent = content.map(DERWriter.octetString)
                        $0.signerCount = signers
                    }))
        }
        #expect(refusal(content: nil, signers: 0) == nil)
        #expect(refusal(content: [], signers: 0) == nil)
        #expect(refusal(content: [1], signers: 0) == .notDegenerate)
        #expect(refusal(content: nil, signers: 1) == .notDegenerate)
    }

    @Test func `none, seventeen, and attribute certificates are refused`() throws {
        let empty = CMSForgery.bundle([])
        #expect(refusal(try CMSCertificateBundle.admit(empty)) == .certificateCount)
        let many = try (1...17).map { try device(serial: $0) }
        #expect(try CMSCertificateBundle.admit(TestMessage.degenerate(Array(many.dropLast()))).certificates.count == 16)
        let bytes = try TestMessage.degenerate(many)
        #expect(refusal(try CMSCertificateBundle.admit(bytes)) == .certificateCount)
        let attribute = CMSForgery.bundle([[0xA2, 0x00]])
        #expect(refusal(try CMSCertificateBundle.admit(attribute)) == .certificateKind)
        let broken = CMSForgery.bundle([[0x30, 0x00]])
        #expect(refusal(try CMSCertificateBundle.admit(broken)) == .malformed)
    }

    @Test func `GetCACert brings one certificate or a bundle`() throws {
        let certificates = [try root().certificate, try device()]
        #expect(try CMSCertificateBundle.ofGetCACert(certificates[0].der).certificates == [certificates[0]])
        let bundle = try TestMessage.degenerate(certificates)
        #expect(try Set(CMSCertificateBundle.ofGetCACert(bundle).certificates) == Set(certificates))
        #expect(refusal(try CMSCertificateBundle.ofGetCACert(certificates[0].der + [0])) == .malformed)
        #expect(refusal(try CMSCertificateBundle.ofGetCACert(bundle + [0])) == .malformed)
    }

    @Test func `text in place of certificates is told apart`() throws {
        let root = try root().certificate
        let base64 = root.pem.split(separator: 0x0A).dropFirst().dropLast().joined()
        let all: [([UInt8], CMSFaultCode)] = [
            ([], .empty), (Array(" \r\n".utf8), .empty), (Array("<html>".utf8), .html),
            (Array("\n <!DOCTYPE".utf8), .html),
            ([0xEF, 0xBB, 0xBF] + Array("<?xml".utf8), .html), (root.pem, .pem), (Array(base64), .base64),
            (Array("MIME".utf8) + [0], .malformed), (Array("error".utf8), .malformed), ([0x31, 0x00], .malformed),
            ([0x30, 0x80], .malformed), ([UInt8(0x30)] + [UInt8](repeating: 0, count: 1 << 20), .tooLarge),
        ]
        for (body, code) in all {
            #expect(refusal(try CMSCertificateBundle.ofGetCACert(body)) == code)
        }
        #expect(refusal(try CMSSignedMessage.admit(Array("<html>".utf8))) == .html)
    }
}
