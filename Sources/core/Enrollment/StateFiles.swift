package import Secrets

/// The disk below the agent's own folder. A port: the program gives durable files; a test may fail any call.
///
/// Paths are relative to that folder. Every write is whole or not there: it is synced before it takes its name.
/// Methods throw what says in words why (disk full, not permitted).
package protocol StateFiles: Sendable {
    /// nil where there is no such file.
    func read(_ path: String, limit: Int) throws -> [UInt8]?
    /// nil where there is no such file.
    func readSecret(_ path: String, limit: Int) throws -> Secret?
    func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws
    /// A file that nobody looks for yet: it is on disk after `syncFolder`.
    func stage(_ bytes: [UInt8], to path: String, mode: UInt32) throws
    func writeSecret(_ secret: Secret, to path: String, mode: UInt32) throws
    /// With its parents, mode 0700; one that exists is fine.
    func makeFolder(_ path: String) throws
    /// Renames a folder, synced on both ends.
    func rename(_ path: String, to target: String) throws
    /// A file or a whole folder; one that is missing is fine.
    func remove(_ path: String) throws
    /// A file or a whole folder whose return after a crash does no harm: nothing is waited for.
    func discard(_ path: String) throws
    /// Returns once the names in a folder are on disk, and the content of these of its files. What `write` and
    /// `writeSecret` wrote is there already.
    func syncFolder(_ path: String, files names: Set<String>) throws
    /// The names in a folder, empty where there is none.
    func names(in path: String) throws -> [String]
}
