import Faults
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import Testing
import X509

/// A certificate with its private key.
struct Identity {
    let certificate: Certificate
    let key: Secret
}

/// The parties of an enrollment, made once for all tests: RSA keys take long.
struct Parties {
    /// The CA, and an RA with the extended key usage of an enrollment agent, signing with EC keys.
    let authority: Identity
    let registration: Identity
    /// An RA that can be encrypted to.
    let encryption: Identity
    /// A device that the same CA certified: an insider.
    let insider: Identity
    /// A certificate with the RA's issuer and serial number, but the insider's key.
    let forged: Identity
    /// This device, self-signed as for a first request.
    let device: Identity

    static let made = Result { try Parties() }

    private init() throws {
        let scratch = try Scratch()
        try scratch.write("agent", "extendedKeyUsage=1.3.6.1.4.1.311.20.2.1\n")
        try scratch.write("client", "extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n")
        try scratch.newAuthority("ca", subject: "/O=Test/CN=Issuing")
        authority = try scratch.identity("ca")
        registration = try scratch.issue("ra", by: "ca", extensions: "agent", "-set_serial 77")
        insider = try scratch.issue("insider", by: "ca", extensions: "client")
        try scratch.newAuthority("rogue", subject: "/O=Test/CN=Issuing")
        forged = try scratch.issue("forged", by: "rogue", extensions: "agent", "-set_serial 77")
        let openssl = OpenSSL()
        try scratch.write("encryption.key", try openssl.generateKey(.rsa(bits: 2048)).exposed)
        encryption = try scratch.issue("encryption", by: "ca", extensions: "agent")
        let key = try openssl.generateKey(.rsa(bits: 2048))
        let der = try openssl.selfSignedCertificate(
            subject: name("device"), key: key, notBefore: Date(timeIntervalSince1970: 1_700_000_000),
            notAfter: Date(timeIntervalSince1970: 1_900_000_000))
        device = Identity(certificate: try Certificate(der: der), key: key)
    }
}

extension Scratch {
    /// A self-signed CA with an EC key: files NAME.pem, NAME.key.
    func newAuthority(_ file: String, subject: String, _ more: String = "") throws {
        try openssl(
            """
            req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \(file).key -out \(file).pem
            -subj \(subject) -days 3650 \(more)
            """)
    }

    /// A certificate for NAME.key, which is made as an EC key where there is none.
    @discardableResult
    func issue(_ file: String, by issuer: String, extensions: String, _ more: String = "") throws -> Identity {
        if (try? read("\(file).key")) == nil {
            try openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out \(file).key")
        }
        try openssl("req -new -key \(file).key -subj /O=Test/CN=\(file) -out \(file).csr")
        try openssl(
            """
            x509 -req -in \(file).csr -CA \(issuer).pem -CAkey \(issuer).key -CAcreateserial -days 365
            -extfile \(extensions) -out \(file).pem \(more)
            """)
        return try identity(file)
    }

    func certificate(_ file: String) throws -> Certificate {
        try #require(try PEM.certificates(in: read("\(file).pem")).first)
    }

    func identity(_ file: String) throws -> Identity {
        Identity(certificate: try certificate(file), key: Secret(try read("\(file).key")))
    }

    /// Writes NAME.pem and NAME.key for the `openssl` program.
    func write(_ name: String, _ identity: Identity) throws {
        try write("\(name).pem", PEM.encode(identity.certificate.der, label: PEM.certificateLabel))
        try write("\(name).key", identity.key.exposed)
    }
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

/// DER of a Name of one commonName, of fewer than 100 ASCII characters.
func name(_ commonName: String) -> [UInt8] {
    let text = Array(commonName.utf8)
    let count = UInt8(text.count)
    return [0x30, count + 11, 0x31, count + 9, 0x30, count + 7, 0x06, 3, 0x55, 4, 3, 0x0C, count] + text
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
