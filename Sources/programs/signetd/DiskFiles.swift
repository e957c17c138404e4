import DurableFiles
import Enrollment
import Faults
import Secrets

/// The agent's folder on the disk.
struct DiskFiles: StateFiles {
    let folder: String
    private let files = DurableFiles()

    init(folder: String) {
        self.folder = folder
    }

    func read(_ path: String, limit: Int) throws -> [UInt8]? {
        try absent { try files.read(full(path), limit: limit) }
    }

    func readSecret(_ path: String, limit: Int) throws -> Secret? {
        try absent { try files.readSecret(full(path), limit: limit) }
    }

    func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws {
        try files.replace(full(path), with: bytes, mode: mode)
    }

    func stage(_ bytes: [UInt8], to path: String, mode: UInt32) throws {
        try files.stage(full(path), with: bytes, mode: mode)
    }

    func writeSecret(_ secret: Secret, to path: String, mode: UInt32) throws {
        try files.writeSecret(secret, to: full(path), mode: mode)
    }

    func makeFolder(_ path: String) throws {
        try files.makeDirectories(full(path), mode: 0o700)
        // What a killed process left half-written.
        try files.removeLeftovers(in: full(path))
    }

    func rename(_ path: String, to target: String) throws {
        try files.renameDirectory(full(path), to: full(target))
    }

    func remove(_ path: String) throws {
        _ = try absent { try files.removeTree(full(path)) }
    }

    func discard(_ path: String) throws {
        _ = try absent { try files.discard(full(path)) }
    }

    func syncFolder(_ path: String, files names: Set<String>) throws {
        try files.syncFolder(full(path), files: names)
    }

    func names(in path: String) throws -> [String] {
        try absent { try files.list(full(path)) } ?? []
    }

    private func full(_ path: String) -> String { "\(folder)/\(path)" }

    private func absent<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let fault as FileFault where fault.code == .missing {
            return nil
        }
    }
}
