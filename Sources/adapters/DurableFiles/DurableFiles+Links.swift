import Glibc

extension DurableFiles {
    /// Points a symbolic link at `target` in one step: a temporary link beside it, renamed over it, the folder
    /// synced. A reader sees the old target or the new one. Anything but a link there throws `.notLink`.
    package func createSymlinkAtomically(target: String, at path: String) throws(FileFault) {
        let attempted = "link '\(path)' to '\(target)'"
        let location = try Location(path, attempted)
        try withDirectory(location.folder, attempted) { directory throws(FileFault) in
            if let status = try statusIfAny(location.name, in: directory, attempted), status.kind != .link {
                throw FileFault(.notLink, attempted, got: "\(status.kind)")
            }
            removeLeftovers(of: location.name, in: directory)
            let temporary = TemporaryName.make(for: location.name)
            try failing(attempted) { () throws(SystemError) in
                try calls.makeLink(to: target, temporary, in: directory)
            }
            do throws(SystemError) {
                try calls.rename(temporary, in: directory, to: location.name, in: directory)
            } catch {
                try? calls.unlink(temporary, in: directory, isDirectory: false)
                throw FileFault(error, attempted)
            }
            try sync(directory, attempted)
        }
    }

    /// A symbolic link's target; nil where nothing is. Anything but a link there throws `.notLink`.
    package func linkTarget(_ path: String) throws(FileFault) -> String? {
        do throws(SystemError) {
            return try calls.linkTarget(path, in: AT_FDCWD)
        } catch {
            if error == .missing { return nil }
            let attempted = "read the link '\(path)'"
            guard error == .invalidArgument else { throw FileFault(error, attempted) }
            throw FileFault(.notLink, attempted, got: "something else")
        }
    }
}
