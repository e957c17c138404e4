import Faults
package import Profiles
import X509

/// Reads profiles, strictly: whatever is not understood is an error, and all errors are told at once.
package struct ProfileReader {
    private let diagnostics: Diagnostics
    private let root: Section

    /// Every key that there is.
    static let tables: [(table: String, keys: [String])] = [
        (
            "scep",
            [
                "url", "ca-fingerprint", "allow-unpinned-ca", "ra-fingerprint", "challenge", "security",
                "legacy-request", "after-revocation", "after-cloning", "tls-ca", "server", "renewal-request",
                "challenge-on-renewal", "challenge-string", "ca-identifier", "transaction-id", "proxy",
            ]
        ),
        ("subject", ["name", "alternative-names", "issued-name"]),
        ("key", ["type", "bits", "curve", "transport", "store"]),
        ("renewal", ["at", "spread"]),
        ("install", ["anchors", "chain", "group"]),
        ("device-tag", ["identification-cas", "gateway", "require-revocation-check", "crl-urls"]),
    ]

    /// The profile that a file's bytes describe.
    ///
    /// - Parameters:
    ///   - name: the file's name without `.toml`.
    ///   - text: UTF-8, at most 256 KiB.
    ///   - file: the file as messages shall name it.
    package static func profile(
        named name: ProfileName, text: [UInt8], file: String
    ) throws(ConfigurationErrors) -> Profile {
        let reader = ProfileReader(try Document.root(of: text, file: file), Diagnostics(file: file))
        let profile = reader.profile(named: name)
        try reader.diagnostics.finish()
        return profile
    }

    private init(_ node: Node, _ diagnostics: Diagnostics) {
        self.diagnostics = diagnostics
        root = Section("", node, keys: Self.tables.map(\.table), elsewhere: Self.tables, diagnostics)
    }

    private func section(_ name: String) -> Section {
        let keys = Self.tables.first { $0.table == name }?.keys ?? []
        return Section(
            name, root.node(name), keys: keys, elsewhere: Self.tables.filter { $0.table != name }, diagnostics)
    }

    /// What could not be read has been reported and holds a placeholder here: `finish` throws before anyone sees it.
    private func profile(named name: ProfileName) -> Profile {
        Profile(
            name: name, scep: SCEPSection(section("scep"), diagnostics).settings(),
            subject: subject(section("subject")),
            key: key(section("key")), renewal: renewal(section("renewal")), install: install(section("install")),
            deviceTag: deviceTag(section("device-tag")))
    }

    private func subject(_ section: Section) -> SubjectTemplate {
        if section.node("name") == nil {
            section.reportMissing("name", "add [subject] name = \"CN=${serial_number},O=Example\"")
        }
        let name = section.checked(section.text("name"), of: "name") { (name) throws(ProfileFault) in
            try SubjectTemplate.check(name: name)
            return name
        }
        let alternatives = section.list("alternative-names") { (entry) throws(ProfileFault) in
            try SubjectTemplate.check(alternativeName: entry)
            return entry
        }
        let issued = section.checked(section.text("issued-name"), of: "issued-name") { (name) throws(ProfileFault) in
            if name != SubjectTemplate.anyName { try SubjectTemplate.check(name: name) }
            return name
        }
        return SubjectTemplate(name: name ?? "", alternativeNames: alternatives ?? [], issuedName: issued)
    }

    private enum KeyType: String, CaseIterable { case rsa, ec }
    /// `key.store` has one value so far.
    private enum KeyStore: String, CaseIterable { case file }

    private func key(_ section: Section) -> KeySettings {
        let type: KeyType = section.choice("type") ?? .rsa
        let _: KeyStore? = section.choice("store", unbuilt: { ["tpm2", "pkcs11"].contains($0) })
        switch type {
        case .rsa:
            section.reportMisplaced("curve", "RSA keys have no curve", "add type = \"ec\", or remove it")
            section.reportMisplaced("transport", "RSA keys need none", "add type = \"ec\", or remove it")
            let bits = section.checked(section.integer("bits"), of: "bits") { (bits) throws(ProfileFault) in
                try ProfileRules.check(keyBits: bits)
                return bits
            }
            return KeySettings(.rsa(bits: bits ?? 2048))
        case .ec:
            section.reportMisplaced("bits", "EC keys have a curve instead", "write curve = \"P-256\" or \"P-384\"")
            return KeySettings(
                .ec(section.choice("curve") ?? .p256), transport: section.choice("transport") ?? .auto)
        }
    }

    private func renewal(_ section: Section) -> RenewalSettings {
        let fraction = { (key: String, limits: ClosedRange<Double>) in
            section.checked(section.number(key), of: key) { (number) throws(ProfileFault) in
                try ProfileRules.check(number, within: limits)
                return number
            }
        }
        let at = fraction("at", ProfileRules.renewalAt)
        let spread = fraction("spread", ProfileRules.renewalSpread)
        let settings = RenewalSettings(at: at ?? 0.66, spread: spread ?? 0.10)
        let isReported = (at == nil && section.node("at") != nil) || (spread == nil && section.node("spread") != nil)
        if !isReported { _ = section.checked(settings, of: "at", ProfileRules.check(renewal:)) }
        return settings
    }

    private func install(_ section: Section) -> InstallSettings {
        let group = section.checked(section.text("group"), of: "group") { (group) throws(ProfileFault) in
            try ProfileRules.check(group: group)
            return group
        }
        return InstallSettings(
            anchors: section.list("anchors", Self.path) ?? [], chain: section.list("chain", Self.path) ?? [],
            group: group)
    }

    private func deviceTag(_ section: Section) -> DeviceTagSettings {
        DeviceTagSettings(
            identificationCAs: section.list("identification-cas", Self.path) ?? [],
            gateway: section.choice("gateway", unbuilt: { _ in true }) ?? .mdca,
            requireRevocationCheck: section.boolean("require-revocation-check") ?? false,
            revocationListURLs: section.list("crl-urls", Self.url) ?? [])
    }

    static func path(_ path: String) throws(ProfileFault) -> String {
        try ProfileRules.check(path: path)
        return path
    }

    static func url(_ url: String) throws(ProfileFault) -> String {
        try ServerURL.check(url)
        return url
    }
}
