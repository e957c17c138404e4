package import Profiles
package import SCEP
package import Secrets

/// What reporting needs from outside.
package struct ReportPorts: Sendable {
    /// A new transport to the management endpoint, for one run.
    package var transport: @Sendable (EndpointAccess) throws -> any Transport
    /// The bearer token in a credential; throws what says where it was looked for.
    package var token: @Sendable (_ credential: String) throws -> Secret

    package init(
        transport: @escaping @Sendable (EndpointAccess) throws -> any Transport,
        token: @escaping @Sendable (_ credential: String) throws -> Secret
    ) {
        self.transport = transport
        self.token = token
    }

    /// Nothing is there: for agents that report to nobody.
    package static let none = ReportPorts(
        transport: { _ in throw CredentialFailure("there is no transport") },
        token: { _ in throw CredentialFailure("there is no token") })
}

/// `[management]` as it was read.
package enum Management: Sendable, Equatable {
    /// Nothing is reported.
    case absent
    /// The file has errors: whatever was reported stays, and nothing new is.
    case unreadable
    case endpoint(ManagementSettings)
}

/// Why there is no credential, in words.
package struct CredentialFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
