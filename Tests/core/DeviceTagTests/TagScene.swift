import DeviceTag
import FoundationEssentials
import OpenSSLCrypto
import Secrets
import TestPKI
import X509

/// A device with a certificate below a root and an issuing CA, and the lists that both publish: all in order until a
/// test changes something.
struct TagScene {
    static let leafList = "http://crl.example/issuing.crl"
    static let issuingList = "http://crl.example/root.crl"

    let root: TestIdentity
    let issuing: TestIdentity
    var device: TestIdentity
    var chain: [Certificate]
    var identificationCAs: [Certificate]
    var key: [UInt8]? = TestKey.device.pem
    var rules = TagRules(requireRevocationCheck: false)
    var fetched: [String: RevocationListFetch] = [:]
    var publication = PublicationEvidence.current
    var now = TestTime.now

    /// - Parameters:
    ///   - leaf: changes the device's certificate before it is issued.
    ///   - authority: changes the issuing CA's.
    init(
        leaf: (inout CertificateOrder) -> Void = { _ in }, authority: (inout CertificateOrder) -> Void = { _ in }
    ) throws {
        root = try CertificateOrder.authority().issue()
        issuing = try CertificateOrder.authority("CN=Test Issuing,O=Signet Tests", key: .issuing, issuer: root)
            .with { $0.serial = 7 }.with { $0.revocationListURLs = [Self.issuingList] }.with(authority).issue()
        device = try CertificateOrder("CN=host-1,O=Signet Tests", key: .device, issuer: issuing)
            .with { $0.serial = 42 }.with { $0.revocationListURLs = [Self.leafList] }.with(leaf).issue()
        chain = [issuing.certificate]
        identificationCAs = [root.certificate]
    }

    /// The same with revocation required and both lists published.
    static func withLists(
        leaf: (inout CertificateOrder) -> Void = { _ in }, authority: (inout CertificateOrder) -> Void = { _ in }
    ) throws -> TagScene {
        var scene = try TagScene(leaf: leaf, authority: authority)
        scene.rules.requireRevocationCheck = true
        scene.fetched[leafList] = .fetched(try RevocationOrder(issuer: scene.issuing, serials: [1, 2, 3]).der())
        scene.fetched[issuingList] = .fetched(try RevocationOrder(issuer: scene.root, serials: [1, 2, 3]).der())
        return scene
    }

    func evidence() -> TagEvidence {
        let key = key.map { pem in pem.withUnsafeBytes { Secret(copying: $0) } }
        return DeviceTag.evidence(
            certificate: device.certificate, chain: chain, key: key, publication: publication,
            identificationCAs: identificationCAs, rules: rules, fetched: fetched, now: now, crypto: OpenSSL())
    }

    func verdict() -> TagVerdict { DeviceTag.judge(evidence(), rules: rules, now: now) }
}

extension TagVerdict {
    subscript(_ id: TagCheck.ID) -> TagCheck? { checks.first { $0.id == id } }

    /// Identifiers of the checks with this result.
    func ids(_ result: TagCheck.Result) -> [TagCheck.ID] { checks.filter { $0.result == result }.map(\.id) }
}
