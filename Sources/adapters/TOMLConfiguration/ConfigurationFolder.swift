import Glibc
package import Profiles
package import X509

/// Signet's configuration below a root folder: /etc/signet and the certificates that profiles name.
///
/// No symbolic link is followed below the root, by any program: what `signetctl config check` accepts is what
/// `signet-installd` will read.
package struct ConfigurationFolder: Sendable {
    /// Whose files count.
    package enum Ownership: Sendable, Equatable {
        /// Anybody's that can be read: for programs that have no rights to lend.
        case any
        /// This user's alone, which is root's: every file, and every folder on the way to it below the root folder,
        /// must belong to the user and be writable by nobody else.
        case rootOnly(uid: UInt32)
    }

    /// One file of profiles.d, and the profile in it or what is wrong with it.
    package struct Entry: Sendable {
        /// The file's path, as messages name it.
        package let file: String
        /// nil where the file's name is no profile's name.
        package let name: ProfileName?
        package let result: Result<Profile, ConfigurationErrors>
        /// The file as it was read; nil where it could not be.
        package let text: [UInt8]?
    }

    /// Most profiles that are read; others are errors.
    package static let profileLimit = 64
    /// Most bytes of a file of certificates.
    package static let certificatesLimit = 1024 * 1024

    /// The folders whose files configure Signet; credentials are root's alone.
    package static let watched = ["/etc/signet", "/etc/signet/profiles.d", "/etc/signet/anchors"]

    private static let profiles = "/etc/signet/profiles.d"
    private static let settings = "/etc/signet/signet.toml"
    private let tree: GuardedTree

    /// - Parameter root: the folder that all paths hang below; "/" outside development and tests.
    package init(root: String, ownership: Ownership) {
        let trimmed = String(root.reversed().drop { $0 == "/" }.reversed())
        tree = GuardedTree(root: trimmed.isEmpty ? "/" : trimmed, ownership: ownership)
    }

    /// Every file of profiles.d that ends in `.toml`, by name; hidden files are left alone. None where there is no
    /// such folder. Throws what is wrong with the folder itself.
    package func profiles() throws(ConfigurationErrors) -> [Entry] {
        guard let folder = try tree.folder(Self.profiles) else { return [] }
        guard let names = FolderListing.names(in: folder) else {
            throw tree.refusal(Self.profiles, "it cannot be listed", "see that it holds profiles only")
        }
        let files = names.filter { $0.hasSuffix(".toml") && !$0.hasPrefix(".") }.sorted()
        return files.enumerated().map { index, file in
            let path = "\(Self.profiles)/\(file)"
            let name = ProfileName(String(file.dropLast(".toml".count)))
            var read: [UInt8]?
            let result = Result<Profile, ConfigurationErrors> { () throws(ConfigurationErrors) in
                guard index < Self.profileLimit else {
                    throw tree.refusal(path, "it is one profile more than \(Self.profileLimit)", "remove profiles")
                }
                guard let name else {
                    throw tree.refusal(
                        path, "its name is no profile's name",
                        "rename it to at most 63 lower-case letters, digits and '-', then .toml")
                }
                guard let text = try tree.read(file, in: folder, path, limit: Document.limit) else {
                    throw tree.refusal(path, "it has just been removed", "nothing is to be done")
                }
                read = text
                return try ProfileReader.profile(named: name, text: text, file: tree.shown(path))
            }
            return Entry(file: tree.shown(path), name: name, result: result, text: read)
        }
    }

    /// One profile; nil where there is no file for it. Throws what is wrong with the file.
    package func profile(_ name: ProfileName) throws(ConfigurationErrors) -> Profile? {
        let path = "\(Self.profiles)/\(name).toml"
        guard let text = try tree.read(path, limit: Document.limit) else { return nil }
        return try ProfileReader.profile(named: name, text: text, file: tree.shown(path))
    }

    /// signet.toml; the defaults where there is none. Throws what is wrong with the file.
    package func agentSettings() throws(ConfigurationErrors) -> AgentSettings {
        guard let text = try tree.read(Self.settings, limit: Document.limit) else { return AgentSettings() }
        return try AgentSettingsReader.settings(text: text, file: tree.shown(Self.settings))
    }

    /// The bytes, PEM or DER, of a file of certificates that a profile names by its path below the root; at most
    /// 1 MiB. Throws what is wrong with the file, its absence too.
    package func readCertificates(_ path: String) throws(ConfigurationErrors) -> [UInt8] {
        if let bytes = try tree.read(path, limit: Self.certificatesLimit) { return bytes }
        throw tree.refusal(
            path, "it does not exist", "put the certificates there, or correct the profile that names it")
    }

    /// The certificates in such a file. Throws what is wrong with it, too.
    package func certificates(_ path: String) throws(ConfigurationErrors) -> [Certificate] {
        let bytes = try readCertificates(path)
        do throws(X509Fault) {
            return try PEM.certificates(in: bytes)
        } catch {
            throw tree.refusal(
                path, "it holds no certificates that can be read: \(error)",
                "put certificates there, as PEM or one as DER")
        }
    }

    /// The text of any file that somebody names, to check it: no rule of ownership, links are followed. At most 256 KiB.
    package static func text(of path: String) throws(ConfigurationErrors) -> [UInt8] {
        let tree = GuardedTree(root: "/", ownership: .any)
        let file: Descriptor
        do throws(OpenError) {
            file = try Descriptor(opening: path, O_RDONLY)
        } catch {
            throw tree.refusal(path, "it cannot be opened: \(error.text)", "name a file that you may read")
        }
        return try tree.content(of: file, path, limit: Document.limit)
    }
}
