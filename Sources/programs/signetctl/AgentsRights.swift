import Glibc
import TOMLConfiguration

/// What the agent's user, who is not root, may read. Root sees everything, and would be told that all is well.
struct AgentsRights {
    private static let name = "signet"

    /// The folder that paths hang below; empty for /.
    let root: String
    let accounts: MachineAccounts

    init(root: String) {
        self.root = root == "/" ? "" : root
        accounts = MachineAccounts(root: self.root)
    }

    /// What keeps the agent from reading a file below the root; nothing where there is no such user.
    func objections(to file: String) -> ConfigurationErrors {
        guard let user = accounts.user(Self.name) else { return ConfigurationErrors([]) }
        var path = root
        for part in file.dropFirst(root.count).split(separator: "/") {
            path += "/\(part)"
            let isFile = path == file
            guard let mode = closedMode(of: path, to: user, right: isFile ? 4 : 1) else { continue }
            return ConfigurationErrors([
                ConfigurationError(
                    file: path,
                    text: "the agent's user '\(Self.name)' may not \(isFile ? "read" : "enter") it (mode \(mode))",
                    remedy: "run: chmod a+rX \(path)")
            ])
        }
        return ConfigurationErrors([])
    }

    /// The mode of what is there and does not give the user this right, of 4 to read and 1 to enter.
    private func closedMode(of path: String, to user: (id: uid_t, group: gid_t), right: mode_t) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        let shift: mode_t = status.st_uid == user.id ? 6 : status.st_gid == user.group ? 3 : 0
        return status.st_mode >> shift & right == 0 ? String(status.st_mode & 0o7777, radix: 8) : nil
    }
}

/// Users and groups by name: the system's, or those of DIR/etc below a root of its own.
struct MachineAccounts {
    /// Empty for /.
    let root: String

    /// A user's number and group; nil where there is none.
    func user(_ name: String) -> (id: uid_t, group: gid_t)? {
        if root.isEmpty {
            guard let entry = getpwnam(name) else { return nil }
            return (entry.pointee.pw_uid, entry.pointee.pw_gid)
        }
        guard let fields = fields(of: name, in: "/etc/passwd"), fields.count > 3, let id = uid_t(fields[2]),
            let group = gid_t(fields[3])
        else { return nil }
        return (id, group)
    }

    /// Whether there is such a group; true where nobody can tell, as without a file of groups below a root of its own.
    func hasGroup(_ name: String) -> Bool {
        if root.isEmpty { return getgrnam(name) != nil }
        return (try? ConfigurationFolder.text(of: root + "/etc/group")) == nil
            || fields(of: name, in: "/etc/group") != nil
    }

    /// The line that begins with the name (passwd(5), group(5)).
    private func fields(of name: String, in path: String) -> [Substring]? {
        guard let text = try? ConfigurationFolder.text(of: root + path) else { return nil }
        return String(decoding: text, as: UTF8.self).split(separator: "\n")
            .map { $0.split(separator: ":", omittingEmptySubsequences: false) }
            .first { $0.first == name[...] }
    }
}
