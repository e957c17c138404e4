import Glibc

extension DurableFiles {
    /// Makes a folder with this mode and owner, on disk when the call returns. One that is there already is given
    /// them too; anything else that is there throws `.notDirectory`.
    package func makeDirectory(
        _ path: String, mode: UInt32, owner: UInt32? = nil, group: UInt32? = nil
    ) throws(FileFault) {
        try makeDirectory(path, mode: mode, owner: owner, group: group, isDurable: true)
    }

    /// The same without waiting for the disk: its name is there after a crash once `syncFolder` was called for the
    /// folder above.
    package func stageDirectory(
        _ path: String, mode: UInt32, owner: UInt32? = nil, group: UInt32? = nil
    ) throws(FileFault) {
        try makeDirectory(path, mode: mode, owner: owner, group: group, isDurable: false)
    }

    private func makeDirectory(
        _ path: String, mode: UInt32, owner: UInt32?, group: UInt32?, isDurable: Bool
    ) throws(FileFault) {
        let attempted = "make the folder '\(path)'"
        let location = try Location(path, attempted)
        try withDirectory(location.folder, attempted) { parent throws(FileFault) in
            do throws(SystemError) {
                // Closed to others until owner and mode are what they should be.
                try calls.makeDirectory(location.name, in: parent, mode: 0o700)
            } catch {
                guard error == .exists else { throw FileFault(error, attempted) }
            }
            try failing(attempted) { () throws(SystemError) in
                let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
                let folder = try calls.open(location.name, in: parent, flags: flags, mode: 0)
                defer { try? calls.close(folder) }
                if owner != nil || group != nil { try calls.setOwner(folder, owner, group) }
                try calls.setMode(folder, mode)
                if isDurable { try calls.sync(folder) }
            }
            if isDurable { try sync(parent, attempted) }
        }
    }

    /// Makes every folder of a path that is missing, with `mode`; those that are there are left as they are.
    package func makeDirectories(_ path: String, mode: UInt32 = 0o755) throws(FileFault) {
        var missing: [String] = []
        var current = path
        while try statusThroughLinks(of: current) == nil {
            missing.append(current)
            current = try Location(current, "make the folder '\(path)'").folder
        }
        for folder in missing.reversed() { try makeDirectory(folder, mode: mode) }
    }

    /// Renames a folder (or file) and syncs both parents. A target that is there and not empty throws
    /// `.alreadyExists`.
    package func renameDirectory(_ old: String, to new: String) throws(FileFault) {
        let attempted = "rename '\(old)' to '\(new)'"
        let (source, target) = (try Location(old, attempted), try Location(new, attempted))
        try withDirectory(source.folder, attempted) { from throws(FileFault) in
            try withDirectory(target.folder, attempted) { to throws(FileFault) in
                try failing(attempted) { () throws(SystemError) in
                    try calls.rename(source.name, in: from, to: target.name, in: to)
                }
                try sync(to, attempted)
                if source.folder != target.folder { try sync(from, attempted) }
            }
        }
    }

    /// The names in a folder, sorted, without what crashed writes left.
    ///
    /// - Parameter limit: more entries than this throw `.tooLarge`.
    package func list(_ path: String, limit: Int = 10_000) throws(FileFault) -> [String] {
        let attempted = "list '\(path)'"
        return try withDirectory(path, attempted) { directory throws(FileFault) in
            let names = try failing(attempted) { () throws(SystemError) in
                try calls.names(directory, limit: limit + 1)
            }
            guard names.count <= limit else {
                throw FileFault(.tooLarge, attempted, got: "more than \(limit) entries")
            }
            return names.filter { !TemporaryName.isTemporary($0) }.sorted()
        }
    }

    private func statusThroughLinks(of path: String) throws(FileFault) -> FileStatus? {
        do throws(SystemError) {
            // The last component "." makes the kernel follow a link, as `makeDirectories` may for what is there.
            return try calls.status(path == "/" ? path : path + "/.", in: AT_FDCWD)
        } catch {
            if error == .missing { return nil }
            throw FileFault(error, "make the folder '\(path)'")
        }
    }
}
