import SCEP
import TestPKI
import X509

enum CACertificatesTarget {
    static func run(_ bytes: [UInt8]) throws -> Bool {
        let certificates: [Certificate]
        do throws(CMSFault) {
            certificates = try CMSCertificateBundle.ofGetCACert(bytes).certificates
        } catch {
            try holdPrintable("\(error)")
            return false
        }
        try hold((1...16).contains(certificates.count), "there are \(certificates.count) certificates")
        try hold(Set(certificates).count == certificates.count, "a certificate is there twice")
        for certificate in certificates { try check(certificate) }
        return true
    }

    /// A certificate is its bytes, and its names can be shown.
    static func check(_ certificate: Certificate) throws {
        let again = try? Certificate(der: certificate.der)
        try hold(again?.serialNumber == certificate.serialNumber, "a certificate is not read again")
        try holdPrintable("\(certificate.subject) \(certificate.issuer)")
        try holdPrintable("\(certificate.serialHex) \(certificate.publicKey)")
        try hold(certificate.subject.matches(certificate.subject), "a name is not its own: \(certificate.subject)")
    }

    static func examples() throws -> [(name: String, bytes: [UInt8])] {
        let scene = try ReplyScene.shared.get()
        let all = [scene.registration, scene.issuing, scene.root].map(\.certificate)
        return [
            ("certificate", scene.issuing.certificate.der), ("bundle", try TestMessage.degenerate(all)),
            ("streamed", try TestMessage.degenerate(all).streamed),
        ]
    }
}

extension [UInt8] {
    /// The same ContentInfo with an indefinite length around it (X.690 §8.1.3.6).
    var streamed: [UInt8] {
        guard var outer = try? DERCursor(self, reading: "a structure"), let element = try? outer.next() else {
            return self
        }
        return [element.tag.rawValue, 0x80] + self[element.content] + [0, 0]
    }
}
