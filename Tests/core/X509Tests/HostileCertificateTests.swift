import TestPKI
import Testing
import X509

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct HostileCertificateTests {
    private func device() throws -> [UInt8] {
        try CertificateOrder("CN=Device 1+serialNumber=5,O=Example", key: .device).with {
            $0.alternativeNames = "DNS:device.example,URI:urn:device:1"
            $0.revocationListURLs = ["http://crl.example/one.crl"]
        }.der()
    }

    @Test func `a certificate cut anywhere is refused`() throws {
        let der = try device()
        for count in der.indices {
            #expect(code { () throws(X509Fault) in _ = try Certificate(der: Array(der[..<count])) } != nil)
        }
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: der) } == nil)
    }

    @Test func `bytes after a certificate are refused`() throws {
        let der = try device()
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: der + [0]) } == .trailingBytes)
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: der + der) } == .trailingBytes)
    }

    @Test func `more than 64 KiB are refused`() {
        let der = DERWriter.element(.sequence, [UInt8](repeating: 0, count: Certificate.limit))
        #expect(code { () throws(X509Fault) in _ = try Certificate(der: der) } == .limitExceeded)
    }

    @Test func `flipped bits give a certificate or a fault and nothing else`() throws {
        let der = try device()
        var generator = SeededGenerator(seed: 1)
        var refused = 0
        for _ in 0..<2000 {
            var changed = der
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                changed[Int.random(in: der.indices, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            if let certificate = try? Certificate(der: changed) {
                // Whatever was let in can be shown.
                #expect(!"\(certificate.subject)\(certificate.serialHex)\(certificate.publicKey)".isEmpty)
            } else {
                refused += 1
            }
        }
        #expect(refused > 200)
    }

    @Test func `each length octet set to each value gives a certificate or a fault`() throws {
        let der = try device()
        for index in 0..<200 {
            for value: UInt8 in [0x00, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x88, 0x89, 0xFE, 0xFF] {
                var changed = der
                changed[index] = value
                _ = try? Certificate(der: changed)
                _ = try? RevocationList(der: changed)
                _ = try? CertificateRequest(der: changed)
                _ = try? DistinguishedName(der: changed)
            }
        }
    }
}
