/// The system calls that durable files are made of. A seam: tests record their order and let the n-th one fail.
///
/// Paths are relative to `directory`, an open descriptor or `currentDirectory`. Descriptors are the caller's to
/// close. Interrupted calls are repeated by the implementation.
package protocol FileSystemCalls: Sendable {
    /// openat(2).
    func open(_ path: String, in directory: Int32, flags: Int32, mode: UInt32) throws(SystemError) -> Int32
    /// close(2). The descriptor is gone, whatever it throws.
    func close(_ descriptor: Int32) throws(SystemError)
    /// read(2): how many bytes came, 0 at the end.
    func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    /// write(2): how many bytes went.
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int
    /// fchmod(2).
    func setMode(_ descriptor: Int32, _ mode: UInt32) throws(SystemError)
    /// fchown(2); nil leaves as it is.
    func setOwner(_ descriptor: Int32, _ owner: UInt32?, _ group: UInt32?) throws(SystemError)
    /// sync_file_range(2): has the kernel begin to write. Nothing is waited for or promised.
    func beginSync(_ descriptor: Int32)
    /// fsync(2).
    func sync(_ descriptor: Int32) throws(SystemError)
    /// renameat(2).
    func rename(
        _ old: String, in oldDirectory: Int32, to new: String, in newDirectory: Int32
    ) throws(SystemError)
    /// unlinkat(2); an empty folder if `isDirectory`.
    func unlink(_ path: String, in directory: Int32, isDirectory: Bool) throws(SystemError)
    /// mkdirat(2).
    func makeDirectory(_ path: String, in directory: Int32, mode: UInt32) throws(SystemError)
    /// symlinkat(2).
    func makeLink(to target: String, _ path: String, in directory: Int32) throws(SystemError)
    /// readlinkat(2).
    func linkTarget(_ path: String, in directory: Int32) throws(SystemError) -> String
    /// fstatat(2) with AT_SYMLINK_NOFOLLOW.
    func status(_ path: String, in directory: Int32) throws(SystemError) -> FileStatus
    /// fstat(2).
    func status(_ descriptor: Int32) throws(SystemError) -> FileStatus
    /// readdir(3) to the end, without `.` and `..`; stops after `limit` names.
    func names(_ descriptor: Int32, limit: Int) throws(SystemError) -> [String]
}

/// What is at a path, without following a link.
package struct FileStatus: Sendable, Equatable {
    /// What kind of thing it is.
    package enum Kind: Sendable, Equatable { case regular, directory, link, other }
    package let kind: Kind
    /// Permission bits.
    package let mode: UInt32
    package let owner: UInt32
    package let group: UInt32
    /// Bytes.
    package let size: Int

    package init(kind: Kind, mode: UInt32, owner: UInt32, group: UInt32, size: Int) {
        self.kind = kind
        self.mode = mode
        self.owner = owner
        self.group = group
        self.size = size
    }
}
