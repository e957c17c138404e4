import Glibc

extension DurableFiles {
    /// Lends a descriptor of a folder, which may not be a symbolic link itself.
    func withDirectory<Value>(
        _ path: String, _ attempted: String, _ body: (Int32) throws(FileFault) -> Value
    ) throws(FileFault) -> Value {
        let directory = try failing(attempted) { () throws(SystemError) in
            try calls.open(path, in: AT_FDCWD, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, mode: 0)
        }
        defer { try? calls.close(directory) }
        return try body(directory)
    }

    /// Turns an errno into a fault that names what was attempted.
    func failing<Value>(
        _ attempted: String, _ call: () throws(SystemError) -> Value
    ) throws(FileFault) -> Value {
        do throws(SystemError) { return try call() } catch { throw FileFault(error, attempted) }
    }

    /// What is at a name; nil where nothing is.
    func statusIfAny(_ name: String, in directory: Int32, _ attempted: String) throws(FileFault) -> FileStatus? {
        do throws(SystemError) {
            return try calls.status(name, in: directory)
        } catch {
            if error == .missing { return nil }
            throw FileFault(error, attempted)
        }
    }

    func sync(_ directory: Int32, _ attempted: String) throws(FileFault) {
        try failing(attempted) { () throws(SystemError) in try calls.sync(directory) }
    }

    /// Removes what crashed writes of one name left. It harms nothing, so failing to is no failure.
    func removeLeftovers(of name: String, in directory: Int32) {
        guard let names = try? calls.names(directory, limit: Self.entryLimit) else { return }
        for leftover in names where TemporaryName.isTemporary(leftover, of: name) {
            try? calls.unlink(leftover, in: directory, isDirectory: false)
        }
    }

    /// How many entries of one folder are looked at.
    static var entryLimit: Int { 65_536 }
}
