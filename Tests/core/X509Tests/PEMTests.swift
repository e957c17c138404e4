import TestPKI
import Testing
import X509

@Suite struct PEMTests {
    @Test func `what is written is read again`() throws {
        let root = try CertificateOrder.authority().issue().certificate
        let lines = String(decoding: root.pem, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.first == "-----BEGIN CERTIFICATE-----" && lines.last == "")
        #expect(lines.dropFirst().dropLast(3).allSatisfy { $0.count == 64 })
        #expect(try PEM.certificates(in: root.pem) == [root])
        #expect(try PEM.certificates(in: root.der) == [root])
    }

    @Test func `text around blocks, other labels and DOS line ends are passed over`() throws {
        let root = try CertificateOrder.authority().issue().certificate
        let pem = String(decoding: root.pem, as: UTF8.self).split(separator: "\n").joined(separator: "\r\n")
        let other = "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"
        let text = Array("subject=x\n\(pem)\r\n# and\n\(other)\(pem) \n".utf8)
        #expect(try PEM.certificates(in: text) == [root, root])
        #expect(try PEM.blocks(labelled: PEM.revocationListLabel, in: text) == [[0, 0, 0]])
    }

    @Test(arguments: [
        "-----BEGIN A-----\nAAAA\n", "-----BEGIN A-----\nAAAA\n-----END B-----\n", "-----END A-----\n",
        "-----BEGIN A-----\n-----BEGIN A-----\nAAAA\n-----END A-----\n", "-----BEGIN A-----\nAA*A\n-----END A-----\n",
        "-----BEGIN A-----\nAAA\n-----END A-----\n", "-----BEGIN A-----\n-----END A-----\n",
        "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END A-----\n",
        "-----BEGIN A-----\nAA A\n-----END A-----\n",
        "-----BEGIN A-----\nAA==AAAA\n-----END A-----\n",
    ])
    func `blocks that are not PEM are refused`(text: String) {
        #expect(code { () throws(X509Fault) in _ = try PEM.blocks(labelled: "A", in: Array(text.utf8)) } == .notPEM)
    }

    @Test func `no block at all is no certificate`() {
        #expect(code { () throws(X509Fault) in _ = try PEM.certificates(in: Array("<html>".utf8)) } == .notPEM)
        #expect(code { () throws(X509Fault) in _ = try PEM.certificates(in: []) } == .notPEM)
    }

    @Test func `too many bytes and too many blocks are refused`() {
        let large = [UInt8](repeating: 0x20, count: PEM.limit + 1)
        #expect(code { () throws(X509Fault) in _ = try PEM.blocks(labelled: "A", in: large) } == .limitExceeded)
        let many = [UInt8]((0...PEM.blockLimit).map { _ in "-----BEGIN A-----\nAAAA\n-----END A-----\n" }.joined().utf8)
        #expect(code { () throws(X509Fault) in _ = try PEM.blocks(labelled: "A", in: many) } == .limitExceeded)
    }
}
