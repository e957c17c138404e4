import Glibc
package import Secrets

/// Files that are either the old or the new content after any crash, and on disk once a call returns.
///
/// Every call is synchronous and may wait for the disk. Each file has one writer at a time: what an earlier writer
/// left half-written is removed by the next. Folders that hold the files are never symbolic links themselves.
package struct DurableFiles: Sendable {
    let calls: any FileSystemCalls

    package init(calls: any FileSystemCalls = LinuxFileSystem()) {
        self.calls = calls
    }

    /// Replaces a file's content in one step: a temporary file beside it, written, synced, renamed, the folder
    /// synced. Mode and owner are set before the rename; nil leaves the owner the caller's.
    ///
    /// Throws `FileFault`; then the old content stands, unless only the last sync failed: then the new one does.
    package func replace(
        _ path: String, with bytes: [UInt8], mode: UInt32, owner: UInt32? = nil, group: UInt32? = nil
    ) throws(FileFault) {
        try replace(path, with: bytes, mode: mode, owner: owner, group: group, wait: .untilOnDisk)
    }

    /// Writes a file that nobody looks for yet: neither its content nor its name is on disk before `syncFolder`. For
    /// several that are of use together, this waits for the disk about once.
    package func stage(
        _ path: String, with bytes: [UInt8], mode: UInt32, owner: UInt32? = nil, group: UInt32? = nil
    ) throws(FileFault) {
        try replace(path, with: bytes, mode: mode, owner: owner, group: group, wait: .later)
    }

    /// As `stage`, with the bytes going from the secret's own memory to the kernel.
    package func stageSecret(
        _ secret: Secret, to path: String, mode: UInt32 = 0o600, owner: UInt32? = nil, group: UInt32? = nil
    ) throws(FileFault) {
        try write(secret, to: path, mode: mode, owner: owner, group: group, wait: .later)
    }

    /// Returns once the files in a folder are on disk, with their names.
    package func syncFolder(_ path: String) throws(FileFault) { try sync(path) { _ in true } }

    /// The same, with the content of those files alone waited for.
    package func syncFolder(_ path: String, files: Set<String>) throws(FileFault) {
        try sync(path) { files.contains($0) }
    }

    private func sync(_ path: String, where isMeant: (String) -> Bool) throws(FileFault) {
        let attempted = "sync '\(path)'"
        try withDirectory(path, attempted) { directory throws(FileFault) in
            let names = try failing(attempted) { () throws(SystemError) in
                try calls.names(directory, limit: Self.entryLimit)
            }
            for name in names where isMeant(name) {
                guard try statusIfAny(name, in: directory, attempted)?.kind == .regular else { continue }
                try failing(attempted) { () throws(SystemError) in
                    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
                    let file = try calls.open(name, in: directory, flags: flags, mode: 0)
                    defer { try? calls.close(file) }
                    try calls.sync(file)
                }
            }
            try sync(directory, attempted)
        }
    }

    private func replace(
        _ path: String, with bytes: [UInt8], mode: UInt32, owner: UInt32?, group: UInt32?, wait: Waiting
    ) throws(FileFault) {
        try replace(path, mode: mode, owner: owner, group: group, wait: wait) {
            descriptor throws(SystemError) in
            var result: Result<Void, SystemError> = .success(())
            unsafe bytes.withUnsafeBytes { content in
                do throws(SystemError) {
                    unsafe try writeAll(content, to: descriptor)
                } catch {
                    result = .failure(error)
                }
            }
            try result.get()
        }
    }

    /// As `replace`, with the bytes going from the secret's own memory to the kernel.
    package func writeSecret(
        _ secret: Secret, to path: String, mode: UInt32 = 0o600, owner: UInt32? = nil, group: UInt32? = nil
    ) throws(FileFault) {
        try write(secret, to: path, mode: mode, owner: owner, group: group, wait: .untilOnDisk)
    }

    private func write(
        _ secret: Secret, to path: String, mode: UInt32, owner: UInt32?, group: UInt32?, wait: Waiting
    ) throws(FileFault) {
        try replace(path, mode: mode, owner: owner, group: group, wait: wait) {
            descriptor throws(SystemError) in
            unsafe try secret.withBytes { content throws(SystemError) in
                unsafe try writeAll(content, to: descriptor)
            }
        }
    }

    /// Replaces a file's content in one step for its readers, but not for certain after a crash: for files that do
    /// not outlive the machine's next start, below /run. Nothing is waited for.
    package func replaceVolatile(_ path: String, with bytes: [UInt8], mode: UInt32) throws(FileFault) {
        try replace(path, with: bytes, mode: mode, owner: nil, group: nil, wait: .none)
    }

    private func replace(
        _ path: String, mode: UInt32, owner: UInt32?, group: UInt32?, wait: Waiting,
        write: (Int32) throws(SystemError) -> Void
    ) throws(FileFault) {
        let attempted = "write '\(path)'"
        let location = try Location(path, attempted)
        try withDirectory(location.folder, attempted) { directory throws(FileFault) in
            try requireRegularOrMissing(location, in: directory, attempted)
            removeLeftovers(of: location.name, in: directory)
            let (temporary, file) = try createTemporary(for: location.name, in: directory, attempted)
            var isOpen = true
            do throws(SystemError) {
                if owner != nil || group != nil { try calls.setOwner(file, owner, group) }
                try calls.setMode(file, mode)
                try write(file)
                switch wait {
                case .untilOnDisk: try calls.sync(file)
                // Several files that are written together go to the disk together.
                case .later: calls.beginSync(file)
                case .none: break
                }
                isOpen = false
                try calls.close(file)
                try calls.rename(temporary, in: directory, to: location.name, in: directory)
            } catch {
                if isOpen { try? calls.close(file) }
                try? calls.unlink(temporary, in: directory, isDirectory: false)
                throw FileFault(error, attempted)
            }
            if wait == .untilOnDisk { try sync(directory, attempted) }
        }
    }

    /// Whether a write returns once it is on disk.
    private enum Waiting { case untilOnDisk, later, none }

    private func createTemporary(
        for name: String, in directory: Int32, _ attempted: String
    ) throws(FileFault) -> (name: String, descriptor: Int32) {
        var last = SystemError.exists
        for _ in 0..<8 {
            let temporary = TemporaryName.make(for: name)
            do throws(SystemError) {
                let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
                return (temporary, try calls.open(temporary, in: directory, flags: flags, mode: 0o600))
            } catch {
                last = error
                guard error == .exists else { break }
            }
        }
        throw FileFault(last, attempted)
    }

    private func requireRegularOrMissing(
        _ location: Location, in directory: Int32, _ attempted: String
    ) throws(FileFault) {
        guard let status = try statusIfAny(location.name, in: directory, attempted) else { return }
        guard status.kind == .regular else {
            throw FileFault(.notRegularFile, attempted, got: "\(status.kind)")
        }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(SystemError) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let count = unsafe try calls.write(descriptor, rest)
            guard count > 0 else { throw .inputOutput }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }
}
