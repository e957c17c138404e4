import Faults
package import Profiles

/// Reads /etc/signet/signet.toml, as strictly as profiles.
package enum AgentSettingsReader {
    private static let tables: [(table: String, keys: [String])] = [
        ("agent", ["idle-exit"]), ("management", ["endpoint", "token", "identity", "ca", "heartbeat", "proxy"]),
    ]

    /// The settings that a file's bytes describe; see `ProfileReader.profile` for the parameters.
    package static func settings(text: [UInt8], file: String) throws(ConfigurationErrors) -> AgentSettings {
        let diagnostics = Diagnostics(file: file)
        let root = Section(
            "", try Document.root(of: text, file: file), keys: tables.map(\.table), elsewhere: tables, diagnostics)
        let agent = section("agent", root, diagnostics)
        var settings = AgentSettings()
        if let idleExit = seconds("idle-exit", agent, AgentSettings.check(idleExit:)) { settings.idleExit = idleExit }
        if root.node("management") != nil {
            settings.management = management(section("management", root, diagnostics), diagnostics)
        }
        try diagnostics.finish()
        return settings
    }

    private static func section(_ name: String, _ root: Section, _ diagnostics: Diagnostics) -> Section {
        Section(
            name, root.node(name), keys: tables.first { $0.table == name }?.keys ?? [],
            elsewhere: tables.filter { $0.table != name }, diagnostics)
    }

    private static func management(_ section: Section, _ diagnostics: Diagnostics) -> ManagementSettings? {
        let endpoint = section.checked(section.text("endpoint"), of: "endpoint") { (url) throws(ProfileFault) in
            try ServerURL.check(secure: url)
            return url
        }
        if section.node("endpoint") == nil {
            section.reportMissing("endpoint", "add [management] endpoint = \"https://fleet.example.com/events\"")
        }
        let identity = section.text("identity").flatMap { name in
            let profile = ProfileName(name)
            if profile == nil {
                diagnostics.report(
                    "\(section.name("identity")): expected a profile's name, got '\(name.prefix(64))'",
                    "name a file in profiles.d, without .toml", at: section.position(of: "identity"))
            }
            return profile
        }
        let settings = ManagementSettings(
            endpoint: endpoint ?? "", token: token(section, diagnostics), identity: identity,
            ca: section.checked(section.text("ca"), of: "ca", ProfileReader.path),
            heartbeat: seconds("heartbeat", section, ManagementSettings.check(heartbeat:)) ?? 86_400,
            proxy: ProxyReader.proxy(in: section, diagnostics))
        return endpoint == nil ? nil : settings
    }

    /// `{ credential = "NAME" }`: the token itself has no place in this file, which everybody may read.
    private static func token(_ section: Section, _ diagnostics: Diagnostics) -> String? {
        guard let node = section.node("token") else { return nil }
        let example = "write it like { credential = \"fleet-token\" }"
        guard case .table = node.value else {
            diagnostics.report(
                "\(section.name("token")): expected a table, got \(node.kind)", example, at: node.position)
            return nil
        }
        let table = Section(section.name("token"), node, keys: ["credential"], diagnostics)
        if table.node("credential") == nil { table.reportMissing("credential", example) }
        return table.credential("credential")
    }

    /// A time span: a whole number of seconds, or text with a unit.
    private static func seconds(
        _ key: String, _ section: Section, _ rule: @escaping (Int) throws(ProfileFault) -> Void
    ) -> Int? {
        let check = { (seconds: Int) throws(ProfileFault) in
            try rule(seconds)
            return seconds
        }
        if case .integer? = section.node(key)?.value { return section.checked(section.integer(key), of: key, check) }
        return section.checked(section.text(key), of: key) { (text) throws(ProfileFault) in
            try check(try AgentSettings.seconds(text))
        }
    }
}
