import Faults
package import Profiles
import SCEP
package import X509

/// What has to change in the system's trust store.
package struct AnchorPlan: Sendable {
    /// Every anchor that the profile wants there, on disk already or not.
    package let wanted: [AnchorFile]
    /// Files of Signet's that no profile names any more.
    package let removed: [String]

    package init(wanted: [AnchorFile], removed: [String]) {
        self.wanted = wanted
        self.removed = removed
    }
}

extension InstallationPolicy {
    /// What the store has to hold for one profile, out of root's files alone, and what it need not hold any more.
    ///
    /// Files of a profile that cannot be read now stay: a typing error must not cost trust.
    ///
    /// - Parameter existing: names of the files in the store's folder, Signet's and others.
    /// - Throws: `.configurationRefused` where an anchor is no self-signed CA.
    package func anchors(
        for profile: ProfileName?, configuration: RootConfiguration, existing: [String]
    ) throws(InstallationFault) -> AnchorPlan {
        var wanted: [AnchorFile] = []
        if let profile {
            for anchor in try configuration.profile(profile).anchors.withoutDuplicates() {
                try requireRoot(anchor, of: profile)
                wanted.append(AnchorFile(anchor, sha256: try fingerprint(of: anchor), profile: profile))
            }
        }
        var named: Set<String> = []
        for anchor in configuration.valid.flatMap(\.anchors) {
            named.insert(AnchorFile.digits(try fingerprint(of: anchor)))
        }
        let removed = existing.filter { name in
            guard let (owner, digits) = AnchorFile.parse(name), !named.contains(digits) else { return false }
            if case .failure = configuration.profiles[owner] { return false }
            return true
        }
        return AnchorPlan(wanted: wanted, removed: removed)
    }

    /// SHA-256 of a certificate as lower-case hex.
    package func fingerprintText(_ certificate: Certificate) throws(InstallationFault) -> String {
        Hexadecimal.string(try fingerprint(of: certificate)).lowercased()
    }

    /// SHA-256 of a certificate, 32 bytes.
    private func fingerprint(of certificate: Certificate) throws(InstallationFault) -> [UInt8] {
        let digest = cryptography.sha256(certificate.der)
        guard digest.count == 32 else {
            throw InstallationFault(
                .untrustedPath, attempted: "compute the fingerprint of '\(certificate.subject)'",
                expected: "SHA-256 from the cryptographic library")
        }
        return digest
    }

    private func requireRoot(_ anchor: Certificate, of profile: ProfileName) throws(InstallationFault) {
        guard anchor.isAuthority, anchor.isSelfIssued, cryptography.isSignature(of: anchor, madeBy: anchor) else {
            throw InstallationFault(
                .configurationRefused, attempted: "trust the anchors of '\(profile)'",
                expected: "self-signed roots in install.anchors; list intermediates in install.chain instead",
                got: "'\(anchor.subject)', issued by '\(anchor.issuer)'")
        }
    }
}
