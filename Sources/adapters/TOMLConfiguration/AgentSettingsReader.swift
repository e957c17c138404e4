import Faults
package import Profiles

/// Reads /etc/signet/signet.toml, as strictly as profiles.
package enum AgentSettingsReader {
    /// The settings that a file's bytes describe; see `ProfileReader.profile` for the parameters.
    package static func settings(text: [UInt8], file: String) throws(ConfigurationErrors) -> AgentSettings {
        let diagnostics = Diagnostics(file: file)
        let tables = [(table: "agent", keys: ["idle-exit"])]
        let root = Section(
            "", try Document.root(of: text, file: file), keys: ["agent", "management"], elsewhere: tables, diagnostics)
        if let management = root.node("management") {
            diagnostics.reportUnbuilt("[management]", "remove it; nothing is reported so far", at: management.position)
        }
        let agent = Section("agent", root.node("agent"), keys: ["idle-exit"], diagnostics)
        var settings = AgentSettings()
        if let idleExit = seconds("idle-exit", agent) { settings.idleExit = idleExit }
        try diagnostics.finish()
        return settings
    }

    /// A time span: a whole number of seconds, or text with a unit.
    private static func seconds(_ key: String, _ section: Section) -> Int? {
        let check = { (seconds: Int) throws(ProfileFault) in
            try AgentSettings.check(idleExit: seconds)
            return seconds
        }
        if case .integer? = section.node(key)?.value { return section.checked(section.integer(key), of: key, check) }
        return section.checked(section.text(key), of: key) { (text) throws(ProfileFault) in
            try check(try AgentSettings.seconds(text))
        }
    }
}
