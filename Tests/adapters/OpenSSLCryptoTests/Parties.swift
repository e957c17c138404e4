import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestFiles
import TestPKI
import Testing
import X509

/// The parties of an enrollment, made once for all tests.
struct Parties {
    let authority: TestIdentity
    /// An RA as NDES has it: the extended key usage of an enrollment agent.
    let registration: TestIdentity
    /// A device that the same CA certified.
    let insider: TestIdentity
    /// A certificate with the RA's issuer and serial number, but the insider's key.
    let forged: TestIdentity
    /// Somebody with an EC key.
    let curve: TestIdentity
    /// This device, with `TestKey.device`, self-signed as for a first request.
    let device: Certificate

    static let made = Result { try Parties() }

    private init() throws {
        authority = try CertificateOrder.authority("CN=Issuing,O=Test", key: .issuing).issue()
        let agent = CertificateOrder("CN=RA,O=Test", key: .registration, issuer: authority).with {
            $0.serial = 77
            $0.extendedKeyUsage = "1.3.6.1.4.1.311.20.2.1"
        }
        registration = try agent.issue()
        insider = try CertificateOrder("CN=insider,O=Test", key: .other, issuer: authority).with { $0.serial = 78 }
            .issue()
        let rogue = try CertificateOrder.authority("CN=Issuing,O=Test", key: .renewed).issue()
        forged = try agent.with { ($0.issuer, $0.key) = (rogue, .other) }.issue()
        curve = try CertificateOrder("CN=curve,O=Test", key: .elliptic, issuer: authority).with {
            ($0.serial, $0.keyUsage) = (79, "critical,digitalSignature")
        }.issue()
        let der = try OpenSSL().selfSignedCertificate(
            subject: try DistinguishedName(rfc4514: "CN=device").der, key: TestKey.device.secret,
            notBefore: TestTime.begin, notAfter: TestTime.end)
        device = try Certificate(der: der)
    }
}

extension ScratchFolder {
    /// Writes NAME.pem and NAME.key for the `openssl` program.
    func write(_ name: String, _ certificate: Certificate, _ key: TestKey) throws {
        try write("\(name).pem", PEM.encode(certificate.der, label: PEM.certificateLabel))
        try write("\(name).key", key.pem)
    }

    func write(_ name: String, _ identity: TestIdentity) throws {
        try write(name, identity.certificate, identity.key)
    }
}

extension TestKey {
    var secret: Secret { Secret(pem) }
}

extension Secret {
    convenience init(_ bytes: [UInt8]) {
        self.init(capacity: bytes.count) { target in
            target.copyBytes(from: bytes)
            return bytes.count
        }
    }

    convenience init(_ text: String) { self.init(Array(text.utf8)) }

    /// A copy, for test data only.
    var exposed: [UInt8] { withBytes { [UInt8]($0) } }
}

/// Expects a `CryptographyFault` with one of the codes.
func expectFault<Result>(
    _ codes: CryptographyFaultCode..., sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Result
) {
    do {
        _ = try body()
        Issue.record("nothing was thrown instead of \(codes)", sourceLocation: sourceLocation)
    } catch let fault as CryptographyFault {
        #expect(codes.contains(fault.code), "\(fault)", sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
