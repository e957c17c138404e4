package import Secrets

/// The file operations that installing needs, each on disk when it returns. A port: `DurableFiles` has exactly these;
/// its system calls are what tests let fail.
///
/// No operation follows a symbolic link at the end of its path. Methods throw what the adapter throws.
package protocol InstalledFiles: Sendable {
    /// Makes every missing folder of a path.
    func makeDirectories(_ path: String, mode: UInt32) throws
    /// Makes a folder, or gives the one that is there this mode and owner.
    func makeDirectory(_ path: String, mode: UInt32, owner: UInt32?, group: UInt32?) throws
    /// The same, on disk after `syncFolder` of the folder above.
    func stageDirectory(_ path: String, mode: UInt32, owner: UInt32?, group: UInt32?) throws
    /// Replaces a file in one step, with mode and owner set before.
    func replace(_ path: String, with bytes: [UInt8], mode: UInt32, owner: UInt32?, group: UInt32?) throws
    /// The same for a secret.
    func writeSecret(_ secret: Secret, to path: String, mode: UInt32, owner: UInt32?, group: UInt32?) throws
    /// Writes a file that nobody looks for yet: it is on disk after `syncFolder`.
    func stage(_ path: String, with bytes: [UInt8], mode: UInt32, owner: UInt32?, group: UInt32?) throws
    /// The same for a secret.
    func stageSecret(_ secret: Secret, to path: String, mode: UInt32, owner: UInt32?, group: UInt32?) throws
    /// Returns once the files in a folder are on disk.
    func syncFolder(_ path: String) throws
    /// Points a link in one step.
    func createSymlinkAtomically(target: String, at path: String) throws
    /// A link's target; nil where nothing is.
    func linkTarget(_ path: String) throws -> String?
    /// A regular file's content.
    func read(_ path: String, limit: Int) throws -> [UInt8]
    /// The same for a secret.
    func readSecret(_ path: String, limit: Int) throws -> Secret
    /// Who owns what is at a path, and its permission bits; nil where nothing is.
    func ownership(of path: String) throws -> (owner: UInt32, group: UInt32, mode: UInt32)?
    /// The names in a folder, sorted.
    func list(_ path: String, limit: Int) throws -> [String]
    /// Removes a file or link, if it is there.
    func removeFile(_ path: String) throws
    /// Removes a folder with everything in it, if it is there.
    func removeTree(_ path: String) throws
    /// The same, but a crash may bring it back.
    func discard(_ path: String) throws
}
