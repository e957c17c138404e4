import Faults
package import Installation
package import Profiles
package import X509

/// Reads what root's files say, anew for each request.
///
/// What is wrong with one profile stays with that profile; what is wrong with their folder refuses everything.
package struct RootReader: Sendable {
    private let profiles: @Sendable () throws -> [(name: ProfileName, result: Result<Profile, any Error>)]
    private let certificates: @Sendable (String) throws -> [Certificate]
    private let facts: @Sendable () -> [TemplateVariable: String]

    /// - Parameters:
    ///   - profiles: every profile in root's folder, and what is wrong with it where it does not count.
    ///   - certificates: the certificates in a file of root's that a profile names.
    ///   - facts: the machine, for subjects.
    package init(
        profiles: @escaping @Sendable () throws -> [(name: ProfileName, result: Result<Profile, any Error>)],
        certificates: @escaping @Sendable (String) throws -> [Certificate],
        facts: @escaping @Sendable () -> [TemplateVariable: String]
    ) {
        self.profiles = profiles
        self.certificates = certificates
        self.facts = facts
    }

    /// Throws `.configurationRefused`.
    package func configuration() throws -> RootConfiguration {
        let entries = try refusing("read root's profiles") { try profiles() }
        let facts = facts()
        var read: [ProfileName: Result<RootProfile, InstallationFault>] = [:]
        for entry in entries {
            read[entry.name] = Result { () throws(InstallationFault) in
                try refusing("read the profile '\(entry.name)'") { try complete(entry.result.get(), facts) }
            }
        }
        return RootConfiguration(profiles: read)
    }

    private func complete(_ profile: Profile, _ facts: [TemplateVariable: String]) throws -> RootProfile {
        RootProfile(
            profile: profile, subject: try profile.subject.render(facts),
            anchors: try profile.install.anchors.flatMap(certificates),
            chain: try profile.install.chain.flatMap(certificates),
            identificationCAs: try profile.deviceTag.identificationCAs.flatMap(certificates))
    }

    private func refusing<Value>(_ attempted: String, _ body: () throws -> Value) throws(InstallationFault) -> Value {
        do {
            return try body()
        } catch {
            throw InstallationFault(.configurationRefused, attempted: attempted, cause: error)
        }
    }
}
