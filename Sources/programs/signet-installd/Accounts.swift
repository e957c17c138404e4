import DurableFiles
import Faults
import Glibc

/// Users and groups by name: the system's, or those of DIR/etc below a root of its own, where absent ones mean the
/// caller.
struct Accounts: Sendable {
    /// The agent's user, who may call beside root.
    private static let agent = "signet"
    private static let fileLimit = 1024 * 1024

    private let root: String
    private var isMachine: Bool { root == "/" }

    init(root: String) { self.root = root }

    /// Whose configuration counts, and who owns what is published.
    var owner: UInt32 { isMachine ? 0 : geteuid() }

    /// The group of what names no other.
    var group: UInt32 { isMachine ? 0 : getegid() }

    /// The users that may call: root, and the agent's.
    func callers() throws -> Set<UInt32> {
        let agent = isMachine ? getpwnam(Self.agent)?.pointee.pw_uid : try number(of: Self.agent, in: "/etc/passwd")
        return [0, owner, agent ?? owner]
    }

    /// A group's number; nil where there is none.
    func group(named name: String) throws -> UInt32? {
        if isMachine { return getgrnam(name)?.pointee.gr_gid }
        guard try text("/etc/group") != nil else { return group }
        return try number(of: name, in: "/etc/group")
    }

    /// The third field of the line that begins with the name (passwd(5), group(5)).
    private func number(of name: String, in path: String) throws -> UInt32? {
        for line in try text(path)?.split(separator: "\n") ?? [] {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, fields[0] == name { return UInt32(fields[2]) }
        }
        return nil
    }

    private func text(_ path: String) throws -> String? {
        do throws(FileFault) {
            return String(decoding: try DurableFiles().read(root + path, limit: Self.fileLimit), as: UTF8.self)
        } catch {
            if error.code == .missing { return nil }
            throw error
        }
    }
}
