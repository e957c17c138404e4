import CLinux
import Glibc

/// The files below a root folder, opened step by step so that each folder on the way is judged, and nothing can be
/// exchanged between the judgement and the reading: what is judged is the opened descriptor.
struct GuardedTree: Sendable {
    let root: String
    let ownership: ConfigurationFolder.Ownership

    /// A path below the root, as messages name it.
    func shown(_ path: String) -> String { (root == "/" ? "" : root) + path }

    /// Opens a folder; nil where it or a folder above does not exist. No link is followed below the root.
    func folder(_ path: String) throws(ConfigurationErrors) -> Descriptor? {
        var parts = path.split(separator: "/")
        let last = parts.popLast()
        guard let above = try walk(parts) else { return nil }
        guard let last else { return above }
        return try opened(String(last), in: above, path, O_RDONLY | O_DIRECTORY)
    }

    /// A file's bytes; nil where it, or a folder above it, does not exist.
    func read(_ path: String, limit: Int) throws(ConfigurationErrors) -> [UInt8]? {
        var parts = path.split(separator: "/")
        guard let last = parts.popLast(), let above = try walk(parts) else { return nil }
        return try read(String(last), in: above, path, limit: limit)
    }

    /// The same for a file of a folder that is open.
    func read(
        _ name: String, in folder: borrowing Descriptor, _ path: String, limit: Int
    ) throws(ConfigurationErrors) -> [UInt8]? {
        guard let file = try opened(name, in: folder, path, O_RDONLY) else { return nil }
        return try content(of: file, path, limit: limit)
    }

    /// The bytes of an opened file, which must be a plain one.
    func content(
        of file: borrowing Descriptor, _ path: String, limit: Int
    ) throws(ConfigurationErrors) -> [UInt8] {
        guard let status = file.status, status.st_mode & S_IFMT == S_IFREG else {
            throw refusal(path, "it is no plain file", "put a plain file there")
        }
        do throws(OpenError) {
            let bytes = try file.read(upTo: limit)
            if bytes.count <= limit { return bytes }
        } catch {
            throw refusal(path, "it cannot be read: \(error.text)", "see that the disk is sound")
        }
        throw refusal(path, "it has more than \(limit) bytes", "put a smaller file there")
    }

    func refusal(_ path: String, _ text: String, _ remedy: String) -> ConfigurationErrors {
        ConfigurationErrors([ConfigurationError(file: shown(path), text: text, remedy: remedy)])
    }

    /// Opens folder after folder, each judged; they need not be listed, so no right to read them is asked for.
    private func walk(_ parts: [Substring]) throws(ConfigurationErrors) -> Descriptor? {
        guard var folder = try start() else { return nil }
        var path = ""
        for part in parts {
            path += "/\(part)"
            guard let next = try opened(String(part), in: folder, path, signet_open_path | O_DIRECTORY) else {
                return nil
            }
            folder = next
        }
        return folder
    }

    /// The root itself is whatever the caller says it is: links to it are followed, and its owner is not asked for.
    private func start() throws(ConfigurationErrors) -> Descriptor? {
        do throws(OpenError) {
            return try Descriptor(opening: root, signet_open_path | O_DIRECTORY)
        } catch {
            if error.number == ENOENT { return nil }
            throw refusal("", "it cannot be opened: \(error.text)", "name a folder with --root")
        }
    }

    private func opened(
        _ name: String, in folder: borrowing Descriptor, _ path: String, _ flags: Int32
    ) throws(ConfigurationErrors) -> Descriptor? {
        guard name != ".." else { throw refusal(path, "it leads upward", "write the path without '..'") }
        let opened: Descriptor
        do throws(OpenError) {
            opened = try Descriptor(opening: name, in: folder.number, flags | O_NOFOLLOW)
        } catch {
            switch error.number {
            case ENOENT: return nil
            case ELOOP, ENOTDIR:
                let kind = flags & O_DIRECTORY != 0 ? "folder" : "file"
                throw refusal(path, "it is a symbolic link, or no \(kind)", "put the \(kind) itself there")
            case EACCES:
                // Without the right to search the folder, not even what is in it can be told.
                let isFolderClosed = unsafe faccessat(folder.number, name, F_OK, 0) != 0 && errno == EACCES
                let closed = isFolderClosed ? path.split(separator: "/").dropLast().map { "/\($0)" }.joined() : path
                throw refusal(
                    path, "this program's user may not open it", "give it the right: chmod a+rX \(shown(closed))")
            default: throw refusal(path, "it cannot be opened: \(error.text)", "correct that and try again")
            }
        }
        try judge(opened, path)
        return opened
    }

    private func judge(_ opened: borrowing Descriptor, _ path: String) throws(ConfigurationErrors) {
        guard case .rootOnly(let user) = ownership else { return }
        guard let status = opened.status else {
            throw refusal(path, "its owner cannot be told", "see that the disk is sound")
        }
        guard status.st_uid == user else {
            throw refusal(path, "it belongs to user \(status.st_uid), not \(user)", "run: chown \(user) \(shown(path))")
        }
        guard status.st_mode & 0o022 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw refusal(path, "its group or others may write it (mode \(mode))", "run: chmod go-w \(shown(path))")
        }
    }
}
