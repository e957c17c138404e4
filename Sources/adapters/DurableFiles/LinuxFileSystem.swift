import CLinux
import Glibc

/// The kernel's file system.
package struct LinuxFileSystem: FileSystemCalls {
    package init() {}

    /// Repeats `call` while a signal interrupts it.
    private func retrying<Value: SignedInteger>(_ call: () -> Value) throws(SystemError) -> Value {
        while true {
            let result = call()
            if result >= 0 { return result }
            guard errno == EINTR else { throw .last }
        }
    }

    package func open(
        _ path: String, in directory: Int32, flags: Int32, mode: UInt32
    ) throws(SystemError) -> Int32 {
        try retrying { unsafe openat(directory, path, flags, mode) }
    }

    package func close(_ descriptor: Int32) throws(SystemError) {
        // Linux frees the descriptor even where close is interrupted: repeating it could close somebody else's.
        guard Glibc.close(descriptor) == 0 || errno == EINTR else { throw .last }
    }

    package func read(
        _ descriptor: Int32, into bytes: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        try retrying { unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count) }
    }

    package func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        try retrying { unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }

    package func setMode(_ descriptor: Int32, _ mode: UInt32) throws(SystemError) {
        _ = try retrying { fchmod(descriptor, mode) }
    }

    package func setOwner(_ descriptor: Int32, _ owner: UInt32?, _ group: UInt32?) throws(SystemError) {
        _ = try retrying { fchown(descriptor, owner ?? .max, group ?? .max) }
    }

    package func beginSync(_ descriptor: Int32) { signet_begin_sync(descriptor) }

    package func sync(_ descriptor: Int32) throws(SystemError) {
        _ = try retrying { fsync(descriptor) }
    }

    package func rename(
        _ old: String, in oldDirectory: Int32, to new: String, in newDirectory: Int32
    ) throws(SystemError) {
        _ = try retrying { unsafe renameat(oldDirectory, old, newDirectory, new) }
    }

    package func unlink(_ path: String, in directory: Int32, isDirectory: Bool) throws(SystemError) {
        _ = try retrying { unsafe unlinkat(directory, path, isDirectory ? Int32(AT_REMOVEDIR) : 0) }
    }

    package func makeDirectory(_ path: String, in directory: Int32, mode: UInt32) throws(SystemError) {
        _ = try retrying { unsafe mkdirat(directory, path, mode) }
    }

    package func makeLink(to target: String, _ path: String, in directory: Int32) throws(SystemError) {
        _ = try retrying { unsafe symlinkat(target, directory, path) }
    }

    package func linkTarget(_ path: String, in directory: Int32) throws(SystemError) -> String {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try retrying { unsafe readlinkat(directory, path, &target, target.count) }
        return String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    package func status(_ path: String, in directory: Int32) throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try retrying { unsafe fstatat(directory, path, &status, Int32(AT_SYMLINK_NOFOLLOW)) }
        return FileStatus(status)
    }

    package func status(_ descriptor: Int32) throws(SystemError) -> FileStatus {
        var status = stat()
        _ = try retrying { unsafe fstat(descriptor, &status) }
        return FileStatus(status)
    }

    package func names(_ descriptor: Int32, limit: Int) throws(SystemError) -> [String] {
        // The stream closes its descriptor, so it gets one of its own, with a position of its own.
        let own = try retrying { unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = unsafe fdopendir(own) else {
            let error = SystemError.last
            _ = Glibc.close(own)
            throw error
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while names.count < limit {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw .last }
                break
            }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe String(cString: UnsafeRawPointer(field).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        let kind: Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        self.init(
            kind: kind, mode: status.st_mode & 0o7777, owner: status.st_uid, group: status.st_gid,
            size: Int(status.st_size))
    }
}
