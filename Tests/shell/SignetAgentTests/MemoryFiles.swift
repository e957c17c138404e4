import Enrollment
import Secrets
import Synchronization

/// A disk in memory, which can be full, whose folders can be unreadable, and which may fail to sync what it renamed.
final class MemoryFiles: StateFiles {
    struct DiskFull: Error {}
    struct Unreadable: Error {}
    struct NotSynced: Error {}

    private struct Contents {
        var files: [String: [UInt8]] = [:]
        var isFull = false
        var isUnlistable = false
        var losesSyncs = false
        var swallowed: String?
    }
    private let contents = Mutex(Contents())

    var isFull: Bool {
        get { contents.withLock { $0.isFull } }
        set { contents.withLock { $0.isFull = newValue } }
    }
    var isUnlistable: Bool {
        get { contents.withLock { $0.isUnlistable } }
        set { contents.withLock { $0.isUnlistable = newValue } }
    }
    var losesSyncs: Bool {
        get { contents.withLock { $0.losesSyncs } }
        set { contents.withLock { $0.losesSyncs = newValue } }
    }
    /// The end of a path that writes go to in vain, and say nothing of it.
    var swallowed: String? {
        get { contents.withLock { $0.swallowed } }
        set { contents.withLock { $0.swallowed = newValue } }
    }
    var paths: [String] { contents.withLock { $0.files.keys.sorted() } }

    func read(_ path: String, limit: Int) throws -> [UInt8]? { contents.withLock { $0.files[path] } }

    func readSecret(_ path: String, limit: Int) throws -> Secret? {
        try read(path, limit: limit).map { $0.withUnsafeBytes { Secret(copying: $0) } }
    }

    func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws {
        try contents.withLock {
            if $0.isFull { throw DiskFull() }
            if let end = $0.swallowed, path.hasSuffix(end) { return }
            $0.files[path] = bytes
        }
    }

    func stage(_ bytes: [UInt8], to path: String, mode: UInt32) throws { try write(bytes, to: path, mode: mode) }

    func writeSecret(_ secret: Secret, to path: String, mode: UInt32) throws {
        try write(secret.withBytes { Array($0) }, to: path, mode: mode)
    }

    func makeFolder(_ path: String) throws {
        if isFull { throw DiskFull() }
    }

    func rename(_ path: String, to target: String) throws {
        contents.withLock { contents in
            for (old, bytes) in contents.files where old.hasPrefix(path + "/") {
                contents.files[old] = nil
                contents.files[target + old.dropFirst(path.count)] = bytes
            }
        }
        if losesSyncs { throw NotSynced() }
    }

    func syncFolder(_ path: String, files names: Set<String>) throws {}

    func discard(_ path: String) throws { try remove(path) }

    func remove(_ path: String) throws {
        contents.withLock { contents in
            for old in contents.files.keys where old == path || old.hasPrefix(path + "/") { contents.files[old] = nil }
        }
    }

    func names(in path: String) throws -> [String] {
        if isUnlistable { throw Unreadable() }
        let below = paths.filter { $0.hasPrefix(path + "/") }.compactMap {
            $0.dropFirst(path.count + 1).split(separator: "/").first.map(String.init)
        }
        return Set(below).sorted()
    }
}
