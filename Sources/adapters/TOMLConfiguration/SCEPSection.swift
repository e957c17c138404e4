import Faults
import Profiles

/// `[scep]`
struct SCEPSection {
    private let section: Section
    private let diagnostics: Diagnostics

    init(_ section: Section, _ diagnostics: Diagnostics) {
        self.section = section
        self.diagnostics = diagnostics
    }

    func settings() -> SCEPSettings {
        let urls = section.list("url", ProfileReader.url)
        if isEmpty("url") { section.reportMissing("url", "add [scep] url = \"https://pki.example.com/scep\"") }
        let allowsUnpinned = section.boolean("allow-unpinned-ca") ?? false
        if !allowsUnpinned, isEmpty("ca-fingerprint") {
            section.reportMissing("ca-fingerprint", ProfileFaultCode.invalidFingerprint.remedy)
        }
        let challenge = challenge()
        let settings = SCEPSettings(
            urls: urls ?? [], caFingerprints: section.list("ca-fingerprint", Fingerprint.read) ?? [],
            allowUnpinnedCA: allowsUnpinned, raFingerprints: section.list("ra-fingerprint", Fingerprint.read) ?? [],
            challenge: challenge, security: section.choice("security") ?? .compatible,
            legacyRequest: section.boolean("legacy-request") ?? false,
            afterRevocation: section.choice("after-revocation") ?? .wait,
            afterCloning: section.choice("after-cloning") ?? .wait,
            tlsCA: section.checked(section.text("tls-ca"), of: "tls-ca", ProfileReader.path),
            options: options(isSingleUse: challenge?.singleUse == true),
            proxy: ProxyReader.proxy(in: section, diagnostics))
        let decisive =
            settings.allowUnpinnedCA
            ? "allow-unpinned-ca" : settings.legacyRequest ? "legacy-request" : "challenge-on-renewal"
        _ = section.checked(settings, of: decisive, ProfileRules.check(scep:))
        return settings
    }

    /// What the preset bundles, with what the profile says itself in its place.
    private func options(isSingleUse: Bool) -> ServerOptions {
        let server: ServerKind = section.choice("server") ?? .auto
        let preset = server.options
        let identifier = { (key: String, check: (String) throws(ProfileFault) -> Void) in
            section.checked(section.text(key), of: key) { (text) throws(ProfileFault) in
                try check(text)
                return text
            }
        }
        return ServerOptions(
            server: server, renewalRequest: section.choice("renewal-request") ?? preset.renewalRequest,
            // A challenge that works once is spent by then: of the preset's ways that one is not open.
            challengeOnRenewal: section.boolean("challenge-on-renewal") ?? (preset.challengeOnRenewal && !isSingleUse),
            challengeString: section.choice("challenge-string") ?? preset.challengeString,
            caIdentifier: identifier("ca-identifier", ProfileRules.check(caIdentifier:)),
            transactionID: identifier("transaction-id", ProfileRules.check(identifier:)))
    }

    /// Absent, or a list without elements.
    private func isEmpty(_ key: String) -> Bool {
        section.node(key).map { $0.value == .list([]) } ?? true
    }

    private static let sources = ["credential", "file", "command", "ndes", "url"]

    private func challenge() -> ChallengeSource? {
        guard let node = section.node("challenge") else { return nil }
        let name = section.name("challenge")
        let table = Section(name, node, keys: Self.sources + ["method", "single-use"], diagnostics)
        guard case .table = node.value else { return nil }
        var given = Self.sources.filter { table.node($0) != nil }
        // Beside a server's URL, the credential is what that is shown.
        let hasServer = given.contains { $0 == "ndes" || $0 == "url" }
        if hasServer { given.removeAll { $0 == "credential" } }
        if given.count != 1 {
            let got = given.isEmpty ? "none" : given.joined(separator: " and ")
            diagnostics.report(
                "\(name): expected one of credential, file, command, ndes and url, got \(got)",
                "write it like { credential = \"scep-challenge\" }", at: node.position)
        }
        if hasServer, let node = table.node("single-use") {
            diagnostics.report(
                "\(name).single-use: expected none beside \(given.joined(separator: " and "))",
                "remove it: a challenge that is fetched is never sent twice", at: node.position)
        }
        let singleUse = table.boolean("single-use") ?? false
        return location(in: table).map { ChallengeSource(location: $0, singleUse: singleUse) }
    }

    /// Every source that is given is checked, even where there is one too many.
    private func location(in table: Section) -> ChallengeSource.Location? {
        let credential = table.credential("credential")
        let file = table.checked(table.text("file"), of: "file") { (path) throws(ProfileFault) in
            ChallengeSource.Location.file(try ProfileReader.path(path))
        }
        let arguments = table.list("command", mayRepeat: true, mayBeAlone: false) { (argument) in argument }
        let command = table.checked(arguments, of: "command") { (command) throws(ProfileFault) in
            try ProfileRules.check(command: command)
            return ChallengeSource.Location.command(command)
        }
        let ndes = server("ndes", .ndes, credential, in: table)
        let endpoint = server("url", .endpoint, credential, in: table)
        if table.node("ndes") != nil, table.node("credential") == nil {
            table.reportMissing(
                "credential",
                "name the one that holds user:password, like { ndes = \"https://…\", credential = \"ndes-login\" }")
        }
        if table.node("url") == nil, let node = table.node("method") {
            diagnostics.report("\(table.name("method")): expected none without url", "remove it", at: node.position)
        }
        return ndes ?? endpoint ?? credential.map { ChallengeSource.Location.credential($0) } ?? file ?? command
    }

    private func server(
        _ key: String, _ kind: ChallengeServer.Kind, _ credential: String?, in table: Section
    ) -> ChallengeSource.Location? {
        table.checked(table.text(key), of: key) { (url) throws(ProfileFault) in
            try ServerURL.check(secure: url)
            return ChallengeSource.Location.server(
                ChallengeServer(
                    kind: kind, url: url, credential: credential,
                    method: kind == .endpoint ? table.choice("method") ?? .get : .get))
        }
    }
}
