package import DeviceTag
package import Enrollment
package import FoundationEssentials
package import Installation
package import JournalEntries
package import Profiles
package import SCEP
package import Secrets
package import X509

/// Everything outside the agent, as it is handed to it. Programs wire adapters in; tests wire what they need.
package struct AgentPorts: Sendable {
    package var now: @Sendable () -> Date
    /// Waits for a moment of the wall clock; returns early when the clock is set, or the task is cancelled.
    package var wait: @Sendable (_ until: Date) async -> Void
    package var cryptography: any Cryptography & TagCryptography
    /// A new transport, for one transaction.
    package var transport: @Sendable (EndpointAccess) throws -> any Transport
    package var files: any StateFiles
    package var installer: any Installer
    package var configuration: @Sendable () -> Configuration
    /// A profile out of its file's bytes. It throws what is wrong with them.
    package var parse: @Sendable (ProfileName, _ text: [UInt8]) throws -> Profile
    /// Certificates in one of root's files, which a profile names.
    package var certificates: @Sendable (_ path: String) throws -> [Certificate]
    /// The anchors that Signet has in the machine's trust store.
    package var installedAnchors: @Sendable () throws -> [Certificate]
    /// The certificate that readers of a published profile find, PEM; nil where there is none.
    package var publishedCertificate: @Sendable (ProfileName) throws -> [UInt8]?
    /// A file of root's, as it is.
    package var bytes: @Sendable (_ path: String) throws -> [UInt8]
    /// The challenge, read when it is needed. It throws what says where it was looked for.
    package var challenge: @Sendable (ChallengeSource) async throws -> Secret
    /// What a credential holds, without the line end that editors append. It throws what says where it was looked for.
    package var credential: @Sendable (_ name: String) throws -> Secret
    /// Values for templates; the serial number is the installer's to know.
    package var facts: @Sendable () -> [TemplateVariable: String]
    /// What tells this machine from others, but for what the installer has to be asked.
    package var traits: @Sendable () -> MachineTraits
    /// What differs after each boot; nil where there is no such thing.
    package var boot: @Sendable () -> String?
    /// Writes a file below /run/signet/public, mode 0644.
    package var publish: @Sendable (_ name: String, _ bytes: [UInt8]) throws -> Void
    package var log: @Sendable (JournalEntry) -> Void
    package var versions: (agent: String, openssl: String)
    package var reports: ReportPorts

    package init(
        now: @escaping @Sendable () -> Date, wait: @escaping @Sendable (_ until: Date) async -> Void,
        cryptography: any Cryptography & TagCryptography,
        transport: @escaping @Sendable (EndpointAccess) throws -> any Transport, files: any StateFiles,
        installer: any Installer, configuration: @escaping @Sendable () -> Configuration,
        parse: @escaping @Sendable (ProfileName, _ text: [UInt8]) throws -> Profile,
        certificates: @escaping @Sendable (_ path: String) throws -> [Certificate],
        installedAnchors: @escaping @Sendable () throws -> [Certificate],
        publishedCertificate: @escaping @Sendable (ProfileName) throws -> [UInt8]?,
        bytes: @escaping @Sendable (_ path: String) throws -> [UInt8],
        challenge: @escaping @Sendable (ChallengeSource) async throws -> Secret,
        credential: @escaping @Sendable (_ name: String) throws -> Secret,
        facts: @escaping @Sendable () -> [TemplateVariable: String],
        traits: @escaping @Sendable () -> MachineTraits, boot: @escaping @Sendable () -> String?,
        publish: @escaping @Sendable (_ name: String, _ bytes: [UInt8]) throws -> Void,
        log: @escaping @Sendable (JournalEntry) -> Void,
        versions: (agent: String, openssl: String), reports: ReportPorts = .none
    ) {
        self.now = now
        self.wait = wait
        self.cryptography = cryptography
        self.transport = transport
        self.files = files
        self.installer = installer
        self.configuration = configuration
        self.parse = parse
        self.certificates = certificates
        self.installedAnchors = installedAnchors
        self.publishedCertificate = publishedCertificate
        self.bytes = bytes
        self.challenge = challenge
        self.credential = credential
        self.facts = facts
        self.traits = traits
        self.boot = boot
        self.publish = publish
        self.log = log
        self.versions = versions
        self.reports = reports
    }
}

/// Root's configuration as it was read: profiles that are right, and what is wrong with the others.
package struct Configuration: Sendable {
    package var profiles: [Profile]
    /// Per file with errors: the name of the profile that it would be, and its errors, one a line. The name is none of a
    /// profile where the file's is not, and for `settings`.
    package var refused: [(name: String, errors: [String])]
    /// The name under which errors of the agent's own file are told.
    package static let settings = "signet.toml"
    /// Whether the folder of profiles was read. Where it was not, a profile that is missing here is not gone.
    package var isComplete: Bool
    package var management: Management
    /// The files of `profiles`, as they were read.
    package var texts: [ProfileName: [UInt8]]

    /// Whether a file with errors may be that of any profile, since its name is no profile's.
    var isAnyUnassigned: Bool { refused.contains { $0.name != Self.settings && ProfileName($0.name) == nil } }

    package init(
        profiles: [Profile], refused: [(name: String, errors: [String])], isComplete: Bool = true,
        management: Management = .absent, texts: [ProfileName: [UInt8]] = [:]
    ) {
        self.texts = texts
        self.profiles = profiles
        self.refused = refused
        self.isComplete = isComplete
        self.management = management
    }
}
