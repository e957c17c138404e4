import Faults

/// `[management]` of signet.toml: where reports go, and who the device is there.
package struct ManagementSettings: Sendable, Equatable {
    /// An https URL: reports carry a token and say which devices are weak.
    package var endpoint: String
    /// The credential that holds a bearer token.
    package var token: String?
    /// The profile whose identity is shown to the endpoint; nil for the only one there is.
    package var identity: ProfileName?
    /// A file of CA certificates that the endpoint must chain to, in place of the system's.
    package var ca: String?
    /// Seconds between heartbeats.
    package var heartbeat: Int
    /// The proxy that leads to the endpoint.
    package var proxy: ProxySettings?

    package init(
        endpoint: String, token: String? = nil, identity: ProfileName? = nil, ca: String? = nil,
        heartbeat: Int = 86_400, proxy: ProxySettings? = nil
    ) {
        self.endpoint = endpoint
        self.token = token
        self.identity = identity
        self.ca = ca
        self.heartbeat = heartbeat
        self.proxy = proxy
    }

    /// Least and most `heartbeat`: the timer starts the agent once an hour.
    package static let heartbeatLimits = 3600...604_800

    /// Throws `.outOfRange`.
    package static func check(heartbeat seconds: Int) throws(ProfileFault) {
        guard heartbeatLimits.contains(seconds) else {
            throw ProfileRules.outOfRange("read a time span", "1h to 7d", "\(seconds) seconds")
        }
    }
}
