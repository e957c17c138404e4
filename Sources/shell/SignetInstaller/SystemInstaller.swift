import Faults
package import FoundationEssentials
package import Installation
package import Profiles
import X509

/// Does what Installation allows: one request at a time, root's files read anew for each.
package actor SystemInstaller: Installer {
    /// What the installer is given: everything that lies outside it.
    package struct Surroundings: Sendable {
        /// Reads root's files as they are now. Throws `.configurationRefused`.
        let configuration: @Sendable () throws -> RootConfiguration
        let policy: InstallationPolicy
        let files: any InstalledFiles
        let trustStore: any TrustStore
        let ownership: Ownership
        let deviceFacts: @Sendable () throws -> DeviceFacts
        let now: @Sendable () -> Date

        package init(
            configuration: @escaping @Sendable () throws -> RootConfiguration, policy: InstallationPolicy,
            files: any InstalledFiles, trustStore: any TrustStore, ownership: Ownership,
            deviceFacts: @escaping @Sendable () throws -> DeviceFacts, now: @escaping @Sendable () -> Date
        ) {
            self.configuration = configuration
            self.policy = policy
            self.files = files
            self.trustStore = trustStore
            self.ownership = ownership
            self.deviceFacts = deviceFacts
            self.now = now
        }
    }

    private let around: Surroundings
    private let store: PublishedStore
    private let executor = BlockingExecutor(label: "io.signet.installer")

    /// Disks and `update-ca-certificates` are waited for on a queue of its own.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter root: what `--root` names; "/" for the machine itself.
    package init(root: String, _ surroundings: Surroundings) {
        around = surroundings
        store = PublishedStore(
            files: surroundings.files, layout: PublishedLayout(root: root), ownership: surroundings.ownership)
    }

    package func publish(_ publication: Publication) throws -> PublishedIdentity {
        let configuration = try around.configuration()
        let root = try configuration.profile(publication.profile)
        let plan = try around.policy.admit(
            publication, for: root, published: store.currentCertificate(of: publication.profile),
            now: around.now())
        let group = try groupNumber(plan.group, of: publication.profile)
        // Judged before anything is written, done after: an identity is worth having without its anchors.
        let anchors = try around.policy.anchors(
            for: publication.profile, configuration: configuration, existing: try around.trustStore.localFiles())
        try store.publish(plan, group: group, discardsPrevious: publication.discardsPrevious)
        return PublishedIdentity(
            generation: plan.generation, sha256: try around.policy.fingerprintText(plan.certificate),
            anchors: try install(anchors, for: publication.profile))
    }

    package func withdraw(_ profile: ProfileName) throws {
        let configuration = try around.configuration()
        guard configuration.profiles[profile] == nil else {
            throw InstallationFault(
                .stillConfigured, attempted: "withdraw '\(profile)'", expected: "no file of that profile",
                got: "one that root's files still hold")
        }
        try store.withdraw(profile)
        let anchors = try around.policy.anchors(
            for: nil, configuration: configuration, existing: try around.trustStore.localFiles())
        _ = try install(anchors, for: profile)
    }

    package func deviceFacts() throws -> DeviceFacts { try around.deviceFacts() }

    private func groupNumber(_ name: String?, of profile: ProfileName) throws -> UInt32? {
        guard let name else { return nil }
        if let number = try around.ownership.group(named: name) { return number }
        throw InstallationFault(
            .configurationRefused, attempted: "give the key of '\(profile)' to its group",
            expected: "an existing group; make it with 'groupadd --system \(name)' or correct install.group",
            got: "no group '\(name)'")
    }

    /// Brings the store to the plan and answers with the anchors found in the system's bundle.
    private func install(_ anchors: AnchorPlan, for profile: ProfileName) throws -> [String] {
        try around.trustStore.apply(anchors)
        guard !anchors.wanted.isEmpty else { return [] }
        let bundle = try around.trustStore.bundle()
        return try anchors.wanted.map { anchor in
            guard bundle.contains(anchor.certificate.der) else {
                throw InstallationFault(
                    .trustStoreFailed, attempted: "trust the anchors of '\(profile)'",
                    expected: "'\(anchor.certificate.subject)' in the system's bundle", got: "a bundle without it")
            }
            return try around.policy.fingerprintText(anchor.certificate)
        }
    }
}
