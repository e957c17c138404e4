import Glibc

extension DurableFiles {
    /// Removes a file or a symbolic link (never what it leads to); nothing there is fine.
    package func removeFile(_ path: String) throws(FileFault) {
        let attempted = "remove '\(path)'"
        let location = try Location(path, attempted)
        try withDirectory(location.folder, attempted) { directory throws(FileFault) in
            guard try statusIfAny(location.name, in: directory, attempted) != nil else { return }
            try failing(attempted) { () throws(SystemError) in
                try calls.unlink(location.name, in: directory, isDirectory: false)
            }
            try sync(directory, attempted)
        }
    }

    /// Removes a folder and everything in it, following no link; nothing there is fine.
    ///
    /// Throws `.tooDeep` for folders nested deeper than 16.
    package func removeTree(_ path: String) throws(FileFault) { try removeTree(path, isDurable: true) }

    /// The same for a file, a link or a folder, without waiting for the disk: a crash may bring it back, or part of it.
    package func discard(_ path: String) throws(FileFault) { try removeTree(path, isDurable: false) }

    private func removeTree(_ path: String, isDurable: Bool) throws(FileFault) {
        let attempted = "remove '\(path)'"
        let location = try Location(path, attempted)
        try withDirectory(location.folder, attempted) { directory throws(FileFault) in
            guard try statusIfAny(location.name, in: directory, attempted) != nil else { return }
            try removeEntry(location.name, in: directory, depth: 16, attempted)
            if isDurable { try sync(directory, attempted) }
        }
    }

    private func removeEntry(
        _ name: String, in directory: Int32, depth: Int, _ attempted: String
    ) throws(FileFault) {
        guard let status = try statusIfAny(name, in: directory, attempted) else { return }
        if status.kind == .directory {
            guard depth > 0 else { throw FileFault(.tooDeep, attempted, got: "more than 16 nested folders") }
            try emptyDirectory(name, in: directory, depth: depth, attempted)
        }
        try failing(attempted) { () throws(SystemError) in
            try calls.unlink(name, in: directory, isDirectory: status.kind == .directory)
        }
    }

    private func emptyDirectory(
        _ name: String, in directory: Int32, depth: Int, _ attempted: String
    ) throws(FileFault) {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let folder = try failing(attempted) { () throws(SystemError) in
            try calls.open(name, in: directory, flags: flags, mode: 0)
        }
        defer { try? calls.close(folder) }
        let names = try failing(attempted) { () throws(SystemError) in
            try calls.names(folder, limit: Self.entryLimit)
        }
        for name in names { try removeEntry(name, in: folder, depth: depth - 1, attempted) }
    }

    /// Removes what crashed writes left in a folder: files and links with a `TemporaryName`.
    package func removeLeftovers(in path: String) throws(FileFault) {
        let attempted = "clean '\(path)'"
        try withDirectory(path, attempted) { directory throws(FileFault) in
            let names = try failing(attempted) { () throws(SystemError) in
                try calls.names(directory, limit: Self.entryLimit)
            }
            for name in names where TemporaryName.isTemporary(name) {
                try removeEntry(name, in: directory, depth: 16, attempted)
            }
        }
    }
}
