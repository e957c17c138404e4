import Faults
package import Profiles
package import X509

/// What root's files say at one moment: the only thing that the installer believes.
package struct RootConfiguration: Sendable {
    /// Every profile that they name; where it does not count, why not.
    package let profiles: [ProfileName: Result<RootProfile, InstallationFault>]

    package init(profiles: [ProfileName: Result<RootProfile, InstallationFault>]) {
        self.profiles = profiles
    }

    /// The profile of this name. Throws `.unknownProfile`, or why it does not count.
    package func profile(_ name: ProfileName) throws(InstallationFault) -> RootProfile {
        guard let profile = profiles[name] else {
            throw InstallationFault(
                .unknownProfile, attempted: "find the profile '\(name)'",
                expected: "a file '\(name).toml' among root's profiles")
        }
        return try profile.get()
    }

    /// The profiles that count.
    var valid: [RootProfile] { profiles.values.compactMap { try? $0.get() } }
}

/// A profile with everything that its files name already read.
package struct RootProfile: Sendable {
    package let profile: Profile
    /// Its subject, rendered on this machine by root.
    package let subject: RenderedSubject
    /// `install.anchors`
    package let anchors: [Certificate]
    /// `install.chain`
    package let chain: [Certificate]
    /// `device-tag.identification-cas`
    package let identificationCAs: [Certificate]

    package init(
        profile: Profile, subject: RenderedSubject, anchors: [Certificate], chain: [Certificate],
        identificationCAs: [Certificate]
    ) {
        self.profile = profile
        self.subject = subject
        self.anchors = anchors
        self.chain = chain
        self.identificationCAs = identificationCAs
    }

    /// All certificates out of root's files, each once.
    var certificates: [Certificate] { (anchors + chain + identificationCAs).withoutDuplicates() }
}

extension [Certificate] {
    func withoutDuplicates() -> [Certificate] {
        var seen: Set<Certificate> = []
        return filter { seen.insert($0).inserted }
    }
}
