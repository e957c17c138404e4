import Faults
import Profiles

/// `proxy = "http://HOST:PORT"`, or `{ url = …, credential = … }`: a password has no place in these files.
enum ProxyReader {
    static func proxy(in section: Section, _ diagnostics: Diagnostics) -> ProxySettings? {
        guard let node = section.node("proxy") else { return nil }
        if case .text = node.value {
            return section.checked(section.text("proxy"), of: "proxy", url).map { ProxySettings(url: $0) }
        }
        let example = "write it like { url = \"http://proxy.example.com:3128\", credential = \"proxy-login\" }"
        guard case .table = node.value else {
            diagnostics.report(
                "\(section.name("proxy")): expected text or a table, got \(node.kind)", example, at: node.position)
            return nil
        }
        let table = Section(section.name("proxy"), node, keys: ["url", "credential"], diagnostics)
        if table.node("url") == nil { table.reportMissing("url", example) }
        let credential = table.credential("credential")
        return table.checked(table.text("url"), of: "url", url).map { ProxySettings(url: $0, credential: credential) }
    }

    private static func url(_ url: String) throws(ProfileFault) -> String {
        try ProxySettings.check(url: url)
        return url
    }
}

extension Section {
    /// The name of a file in the credentials folder.
    func credential(_ key: String) -> String? {
        checked(text(key), of: key) { (name) throws(ProfileFault) in
            try ProfileRules.check(credential: name)
            return name
        }
    }
}
