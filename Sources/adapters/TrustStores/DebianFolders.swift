import Installation

/// Where Debian keeps its store, below a root (update-ca-certificates(8)).
struct DebianFolders {
    /// Anchors that the machine's admin adds.
    let local: String
    /// Links to every anchor, and the bundle.
    let certificates: String
    var bundle: String { "\(certificates)/ca-certificates.crt" }

    private let root: String
    private var distributed: String { path("/usr/share/ca-certificates", below: root) }
    private var configuration: String { path("/etc/ca-certificates.conf", below: root) }
    private var hooks: String { path("/etc/ca-certificates/update.d", below: root) }
    private var isMachine: Bool { root == "/" }

    init(root: String) {
        self.root = root
        local = path("/usr/local/share/ca-certificates", below: root)
        certificates = path("/etc/ssl/certs", below: root)
    }

    /// Keeps the tool below the root; none for the machine itself.
    var arguments: [String] {
        guard !isMachine else { return [] }
        return [
            "--certsconf", configuration, "--certsdir", distributed, "--localcertsdir", local,
            "--etccertsdir", certificates, "--hooksdir", hooks,
        ]
    }

    /// Makes what the tool expects to be there; on the machine itself its package did.
    func prepare(_ files: any InstalledFiles) throws {
        guard !isMachine else { return }
        for folder in [distributed, certificates, hooks] { try files.makeDirectories(folder, mode: 0o755) }
        guard try files.ownership(of: configuration) == nil else { return }
        try files.replace(configuration, with: [], mode: 0o644, owner: nil, group: nil)
    }
}
