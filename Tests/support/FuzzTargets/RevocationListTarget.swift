import DeviceTag
import FoundationEssentials
import OpenSSLCrypto
import TestPKI
import X509

enum RevocationListTarget {
    private struct Scene {
        let issuer: TestIdentity
        let revoked: Certificate
        let other: Certificate

        init() throws {
            issuer = try CertificateOrder.authority().issue()
            revoked = try CertificateOrder("CN=revoked", key: .device, issuer: issuer).with { $0.serial = 300 }
                .issue().certificate
            other = try CertificateOrder("CN=other", key: .other, issuer: issuer).with { $0.serial = 7 }
                .issue().certificate
        }
    }
    private static let scene = Result { try Scene() }
    private static let url = "http://pki.example/list.crl"

    static func run(_ bytes: [UInt8]) throws -> Bool {
        let scene = try scene.get()
        do throws(X509Fault) {
            let list = try RevocationList(der: bytes)
            _ = list.issuer.description
            // The last bytes stand for the serial number of any certificate.
            _ = try? list.contains(serialNumber: Array(bytes.suffix(3)))
            _ = try? list.contains(serialNumber: [])
        } catch {
            try holdPrintable("\(error)")
        }
        var isSigned = false
        for certificate in [scene.revoked, scene.other] {
            let outcome = RevocationCheck.judge(
                bytes, from: url, for: certificate, issuedBy: scene.issuer.certificate, crypto: OpenSSL(),
                now: TestTime.now)
            switch outcome {
            // Only what the CA signed says so, and it has revoked the one and not the other.
            case .listed: try hold(certificate == scene.revoked, "a good certificate counts as revoked")
            case .good: try hold(certificate == scene.other, "a revoked certificate counts as good")
            case .malformed(let text), .unsuitable(let text): try holdPrintable(text)
            default: break
            }
            if case .listed = outcome { isSigned = true }
        }
        return isSigned
    }

    static func examples() throws -> [(name: String, bytes: [UInt8])] {
        let scene = try scene.get()
        let order = RevocationOrder(issuer: scene.issuer, serials: [1, 300, 70_000])
        let list = try order.der()
        let point = DERWriter.sequence(
            DERWriter.element(
                .context(0), DERWriter.element(.context(0), DERWriter.string(.contextPrimitive(6), url))),
            DERWriter.element(.contextPrimitive(1), [0xFF]))
        let scoped = order.with {
            $0.extensions = [
                TestExtension("2.5.29.28", isCritical: true, value: point),
                TestExtension("2.5.29.20", value: DERWriter.integer(9)),
            ]
        }
        return [
            ("list", list), ("pem", PEM.encode(list, label: PEM.revocationListLabel)), ("scoped", try scoped.der()),
            ("endless", try order.with { $0.nextUpdate = nil }.der()),
        ]
    }
}
