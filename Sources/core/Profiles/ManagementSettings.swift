import Faults

/// `[management]` of signet.toml: where reports go, and who the device is there.
package struct ManagementSettings: Sendable, Equatable {
    /// An https URL.
    package var endpoint: String
    /// The credential that holds a bearer token.
    package var token: String?
    /// The profile whose identity is shown to the endpoint; nil for the only one there is.
    package var identity: ProfileName?
    /// A file of CA certificates that the endpoint must chain to, in place of the system's.
    package var ca: String?
    /// Seconds between heartbeats.
    package var heartbeat: Int

    package init(
        endpoint: String, token: String? = nil, identity: ProfileName? = nil, ca: String? = nil,
        heartbeat: Int = 86_400
    ) {
        self.endpoint = endpoint
        self.token = token
        self.identity = identity
        self.ca = ca
        self.heartbeat = heartbeat
    }

    /// Least and most `heartbeat`: the timer starts the agent once an hour.
    package static let heartbeatLimits = 3600...604_800

    /// Throws `.outOfRange`.
    package static func check(heartbeat seconds: Int) throws(ProfileFault) {
        guard heartbeatLimits.contains(seconds) else {
            throw ProfileRules.outOfRange("read a time span", "1h to 7d", "\(seconds) seconds")
        }
    }

    /// Refuses what is no URL, and plain HTTP: reports carry a token and say which devices are weak. Throws
    /// `.invalidURL`.
    package static func check(endpoint: String) throws(ProfileFault) {
        try ServerURL.check(endpoint)
        guard endpoint.prefix(while: { $0 != ":" }).lowercased() == "https" else {
            throw ProfileFault(
                .invalidURL, attempted: "read the URL '\(endpoint.prefix(256))'", expected: "https:// first",
                got: "'\(endpoint.prefix(64))'")
        }
    }
}
