import Faults
package import Installation
package import X509

/// Debian's trust store: one file an anchor in `/usr/local/share/ca-certificates`, out of which
/// `update-ca-certificates` builds the bundle that TLS libraries read.
package struct DebianTrustStore: TrustStore {
    /// Most bytes of a bundle; Debian's own has 220 KB.
    private static let bundleLimit = 4 * 1024 * 1024
    private static let fileLimit = 256 * 1024
    private static let entryLimit = 20_000

    private let files: any InstalledFiles
    private let folders: DebianFolders
    private let command: BoundedCommand

    /// - Parameters:
    ///   - root: "/", or the folder below which the whole store lies.
    ///   - tool: `update-ca-certificates`, or what stands in for it.
    ///   - deadline: seconds that it may take.
    package init(
        root: String, files: any InstalledFiles, tool: String = "/usr/sbin/update-ca-certificates",
        deadline: Double = 30
    ) {
        self.files = files
        folders = DebianFolders(root: root)
        // Hooks of other packages make files that everybody has to read; this program's own umask would close them.
        command = BoundedCommand(
            ["/bin/sh", "-c", #"umask 022 && exec "$0" "$@""#, tool] + folders.arguments, deadline: deadline)
    }

    package func localFiles() throws -> [String] {
        try wrapped("list the anchors in '\(folders.local)'") { try list(folders.local) }
    }

    /// The certificates in Signet's own files of the store, whoever's they are now; everybody may read them.
    package func installedAnchors() throws -> [Certificate] {
        try wrapped("read the anchors that Signet installed in '\(folders.local)'") {
            try list(folders.local).filter { AnchorFile.parse($0) != nil }.flatMap { name in
                try PEM.certificates(in: try files.read("\(folders.local)/\(name)", limit: Self.fileLimit))
            }
        }
    }

    package func bundle() throws -> Set<[UInt8]> {
        try wrapped("read the bundle '\(folders.bundle)'") {
            guard try files.ownership(of: folders.bundle) != nil else { return [] }
            let text = try files.read(folders.bundle, limit: Self.bundleLimit)
            return Set(try PEM.blocks(labelled: PEM.certificateLabel, in: text))
        }
    }

    package func apply(_ plan: AnchorPlan) throws {
        try wrapped("make the anchors' folders below '\(folders.local)'") {
            try files.makeDirectories(folders.local, mode: 0o755)
            try folders.prepare(files)
        }
        var isChanged = false
        for anchor in plan.wanted where try write(anchor) { isChanged = true }
        for name in plan.removed {
            try wrapped("remove the anchor '\(name)'") { try files.removeFile("\(folders.local)/\(name)") }
        }
        let isStale = try !plan.removed.isEmpty || hasStaleLinks()
        let present = try bundle()
        guard isChanged || isStale || plan.wanted.contains(where: { !present.contains($0.certificate.der) }) else {
            return
        }
        // Without --fresh it leaves the links of removed certificates where they are.
        try command.run(adding: isStale ? ["--fresh"] : [])
        if isStale { try emptyBundleIfNothingIsLeft() }
        // The tool leaves that to chance, and nobody would look again after a power cut.
        try wrapped("sync '\(folders.certificates)'") { try files.syncFolder(folders.certificates) }
    }

    /// The tool leaves the old bundle where there is no certificate at all to build a new one from.
    private func emptyBundleIfNothingIsLeft() throws {
        try wrapped("empty the bundle '\(folders.bundle)'") {
            let links = try list(folders.certificates).contains { $0.hasSuffix(".pem") }
            guard !links, try !bundle().isEmpty else { return }
            try files.replace(folders.bundle, with: [], mode: 0o644, owner: nil, group: nil)
        }
    }

    /// Writes an anchor's file where it is not there already; whether it had to.
    private func write(_ anchor: AnchorFile) throws -> Bool {
        let path = "\(folders.local)/\(anchor.name)"
        return try wrapped("write the anchor '\(path)'") {
            let text = anchor.certificate.pem
            if try files.ownership(of: path)?.mode == 0o644, try files.read(path, limit: Self.fileLimit) == text {
                return false
            }
            try files.replace(path, with: text, mode: 0o644, owner: nil, group: nil)
            return true
        }
    }

    /// Whether the bundle's folder still links to an anchor that is gone: a removal that did not come to its end.
    private func hasStaleLinks() throws -> Bool {
        try wrapped("list '\(folders.certificates)'") {
            let names = Set(try list(folders.local))
            return try list(folders.certificates).contains { link in
                guard link.hasSuffix(".pem") else { return false }
                let name = link.dropLast(4) + ".crt"
                return AnchorFile.parse(String(name)) != nil && !names.contains(String(name))
            }
        }
    }

    private func list(_ folder: String) throws -> [String] {
        guard try files.ownership(of: folder) != nil else { return [] }
        return try files.list(folder, limit: Self.entryLimit)
    }

    private func wrapped<Value>(_ attempted: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let fault as InstallationFault {
            throw fault
        } catch {
            throw InstallationFault(.trustStoreFailed, attempted: attempted, cause: error)
        }
    }
}
