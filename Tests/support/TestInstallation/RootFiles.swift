package import Installation
import OpenSSLCrypto
package import Profiles
package import Secrets
package import TestPKI
package import X509

/// A PKI with a root and an issuing CA, and one profile of root's that trusts it.
package struct RootFiles: Sendable {
    package let root: TestIdentity
    package let issuing: TestIdentity
    package let name: ProfileName
    /// What the profile says beside the defaults; change it before asking for `profile`.
    package var pins: [[UInt8]]
    package var allowUnpinnedCA = false
    package var anchors: [Certificate] = []
    package var chain: [Certificate] = []
    package var identificationCAs: [Certificate] = []
    package var group: String?
    package var subject = "CN=device-1,O=Example"
    package var issuedName: String?

    /// Pins the issuing CA, which root's files hold.
    package init(named text: String = "access") throws {
        root = try CertificateOrder.authority().issue()
        issuing = try CertificateOrder.authority("CN=Test Issuing CA", key: .issuing, issuer: root).issue()
        name = try ProfileName.required(text)
        pins = [OpenSSL().sha256(issuing.certificate.der)]
        chain = [issuing.certificate]
        anchors = [root.certificate]
    }

    package func profile() throws -> RootProfile {
        let template = SubjectTemplate(name: subject, alternativeNames: [], issuedName: issuedName)
        return RootProfile(
            profile: Profile(
                name: name,
                scep: SCEPSettings(
                    urls: ["http://pki.example.com/scep"], caFingerprints: pins, allowUnpinnedCA: allowUnpinnedCA,
                    raFingerprints: [], challenge: nil, security: .compatible, legacyRequest: false,
                    afterRevocation: .wait, tlsCA: nil),
                subject: template, key: KeySettings(.rsa(bits: 2048)), renewal: RenewalSettings(at: 0.66, spread: 0.1),
                install: InstallSettings(anchors: [], chain: [], group: group),
                deviceTag: DeviceTagSettings(
                    identificationCAs: [], gateway: .mdca, requireRevocationCheck: false, revocationListURLs: [])),
            subject: try template.render([:]), anchors: anchors, chain: chain, identificationCAs: identificationCAs)
    }

    package func configuration() throws -> RootConfiguration {
        RootConfiguration(profiles: [name: .success(try profile())])
    }

    /// A certificate for the profile's subject, from the issuing CA unless changed.
    package func leaf(_ change: (inout CertificateOrder) -> Void = { _ in }) throws -> Certificate {
        let order = CertificateOrder(subject, key: .device, issuer: issuing).with { $0.serial = 7 }
        return try order.with(change).issue().certificate
    }

    package func publication(
        _ certificate: Certificate, generation: Int = 1, key: TestKey = .device, chain: [Certificate] = []
    ) -> Publication {
        Publication(
            profile: name, generation: generation, key: key.secret, certificate: certificate.der,
            chain: chain.map(\.der))
    }
}

extension TestKey {
    package var secret: Secret { pem.withUnsafeBytes { Secret(copying: $0) } }
}

extension ProfileName {
    /// The name, or an error for text that is none.
    package static func required(_ text: String) throws -> ProfileName {
        guard let name = ProfileName(text) else { throw NoName() }
        return name
    }

    private struct NoName: Error {}
}
