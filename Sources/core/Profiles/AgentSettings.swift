import Faults

/// /etc/signet/signet.toml: what concerns the agent and no single profile.
package struct AgentSettings: Sendable, Equatable {
    /// `agent.idle-exit`: how long signetd lingers after its last client, in seconds.
    package var idleExit: Int
    /// `[management]`: whom the fleet's owner has told to be reported to; nil where nothing is reported.
    package var management: ManagementSettings?

    package init(idleExit: Int = 10, management: ManagementSettings? = nil) {
        self.idleExit = idleExit
        self.management = management
    }

    /// Least and most `idleExit`.
    package static let idleExitLimits = 1...3600

    /// Throws `.outOfRange`.
    package static func check(idleExit seconds: Int) throws(ProfileFault) {
        guard idleExitLimits.contains(seconds) else {
            throw ProfileRules.outOfRange("read a time span", "1s to 1h", "\(seconds) seconds")
        }
    }

    /// Seconds of a time span like "10s", "2min", "2m", "1h" or "7d". Throws `.outOfRange`.
    package static func seconds(_ text: String) throws(ProfileFault) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400]
        guard let number = Int(digits), digits.utf8.count <= 9, let unit = units[String(text[digits.endIndex...])]
        else {
            throw ProfileRules.outOfRange(
                "read a time span", "a time span like \"10s\", \"2min\" or \"1h\"", "'\(text.prefix(64))'")
        }
        return number * unit
    }
}
