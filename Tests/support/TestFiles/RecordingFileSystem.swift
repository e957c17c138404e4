package import DurableFiles
import Synchronization

/// The kernel's file system, with every call written down and the n-th one failing. Syncs are only written down.
package final class RecordingFileSystem: FileSystemCalls {
    /// What fails, from 0; nil lets everything pass.
    private let failure: (index: Int, error: SystemError)?
    /// Whether everything after the failing call fails too, as after a crash.
    private let staysDown: Bool
    private let record = Mutex<[String]>([])
    private let kernel = LinuxFileSystem()

    package init(failing index: Int? = nil, with error: SystemError = .inputOutput, staysDown: Bool = false) {
        failure = index.map { ($0, error) }
        self.staysDown = staysDown
    }

    package var calls: [String] { record.withLock { $0 } }

    private func note(_ call: String) throws(SystemError) {
        let index = record.withLock { record in
            record.append(call)
            return record.count - 1
        }
        if let failure, index == failure.index || (staysDown && index > failure.index) { throw failure.error }
    }

    package func open(_ path: String, in directory: Int32, flags: Int32, mode: UInt32) throws(SystemError) -> Int32 {
        try note("open")
        return try kernel.open(path, in: directory, flags: flags, mode: mode)
    }

    package func close(_ descriptor: Int32) throws(SystemError) {
        // Closed in any case: the test process must not run out of descriptors.
        try kernel.close(descriptor)
        try note("close")
    }

    package func read(_ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try note("read")
        return try kernel.read(descriptor, into: bytes)
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        // Short writes, as the kernel may make them.
        do throws(SystemError) {
            try note("write")
        } catch {
            _ = try kernel.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(1)))
            throw error
        }
        return try kernel.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(max(5, bytes.count / 2))))
    }

    package func setMode(_ descriptor: Int32, _ mode: UInt32) throws(SystemError) {
        try note("setMode \(String(mode, radix: 8))")
        try kernel.setMode(descriptor, mode)
    }

    package func setOwner(_ descriptor: Int32, _ owner: UInt32?, _ group: UInt32?) throws(SystemError) {
        try note("setOwner")
        try kernel.setOwner(descriptor, owner, group)
    }

    package func beginSync(_ descriptor: Int32) { try? note("beginSync") }

    package func sync(_ descriptor: Int32) throws(SystemError) {
        let kind = try kernel.status(descriptor).kind
        try note("sync \(kind)")
        // Not carried out: no test outlives the machine, and a busy disk takes its time.
    }

    package func rename(
        _ old: String, in oldDirectory: Int32, to new: String, in newDirectory: Int32
    ) throws(SystemError) {
        try note("rename")
        try kernel.rename(old, in: oldDirectory, to: new, in: newDirectory)
    }

    package func unlink(_ path: String, in directory: Int32, isDirectory: Bool) throws(SystemError) {
        try note("unlink")
        try kernel.unlink(path, in: directory, isDirectory: isDirectory)
    }

    package func makeDirectory(_ path: String, in directory: Int32, mode: UInt32) throws(SystemError) {
        try note("makeDirectory")
        try kernel.makeDirectory(path, in: directory, mode: mode)
    }

    package func makeLink(to target: String, _ path: String, in directory: Int32) throws(SystemError) {
        try note("makeLink")
        try kernel.makeLink(to: target, path, in: directory)
    }

    package func linkTarget(_ path: String, in directory: Int32) throws(SystemError) -> String {
        try note("linkTarget")
        return try kernel.linkTarget(path, in: directory)
    }

    package func status(_ path: String, in directory: Int32) throws(SystemError) -> FileStatus {
        try note("status")
        return try kernel.status(path, in: directory)
    }

    package func status(_ descriptor: Int32) throws(SystemError) -> FileStatus {
        try note("status")
        return try kernel.status(descriptor)
    }

    package func names(_ descriptor: Int32, limit: Int) throws(SystemError) -> [String] {
        try note("names")
        return try kernel.names(descriptor, limit: limit)
    }
}
