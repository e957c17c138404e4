import Glibc
package import Secrets

extension DurableFiles {
    /// A regular file's content; a symbolic link at the end of the path is refused.
    ///
    /// - Parameter limit: more bytes than this throw `.tooLarge`.
    package func read(_ path: String, limit: Int) throws(FileFault) -> [UInt8] {
        let attempted = "read '\(path)'"
        return try withFile(path, limit: limit, attempted) { file, size throws(FileFault) in
            var fault: FileFault?
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
                do throws(FileFault) {
                    unsafe count = try readAll(file, into: UnsafeMutableRawBufferPointer(buffer), attempted)
                } catch {
                    fault = error
                }
            }
            if let fault { throw fault }
            return bytes
        }
    }

    /// As `read`, with the bytes going from the kernel to the secret's own memory.
    package func readSecret(_ path: String, limit: Int) throws(FileFault) -> Secret {
        let attempted = "read '\(path)'"
        return try withFile(path, limit: limit, attempted) { file, size throws(FileFault) in
            var fault: FileFault?
            let secret = unsafe Secret(capacity: size + 1) { buffer in
                do throws(FileFault) {
                    return unsafe try readAll(file, into: buffer, attempted)
                } catch {
                    fault = error
                    return 0
                }
            }
            if let fault { throw fault }
            return secret
        }
    }

    /// What is at a path, without following a link at its end; nil where nothing is.
    package func status(of path: String) throws(FileFault) -> FileStatus? {
        do throws(SystemError) {
            return try calls.status(path, in: AT_FDCWD)
        } catch {
            if error == .missing { return nil }
            throw FileFault(error, "look at '\(path)'")
        }
    }

    /// Who owns what is at a path, and its permission bits; nil where nothing is.
    package func ownership(of path: String) throws(FileFault) -> (owner: UInt32, group: UInt32, mode: UInt32)? {
        try status(of: path).map { ($0.owner, $0.group, $0.mode) }
    }

    private func withFile<Value>(
        _ path: String, limit: Int, _ attempted: String, _ body: (Int32, Int) throws(FileFault) -> Value
    ) throws(FileFault) -> Value {
        _ = try Location(path, attempted)
        // A FIFO opened for reading would wait for its writer.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
        let file = try failing(attempted) { () throws(SystemError) in
            try calls.open(path, in: AT_FDCWD, flags: flags, mode: 0)
        }
        defer { try? calls.close(file) }
        let status = try failing(attempted) { () throws(SystemError) in try calls.status(file) }
        guard status.kind == .regular else { throw FileFault(.notRegularFile, attempted, got: "\(status.kind)") }
        guard status.size <= limit else {
            throw FileFault(.tooLarge, attempted, got: "\(status.size) bytes, the limit is \(limit)")
        }
        return try body(file, status.size)
    }

    /// Reads to the end; the buffer is one byte larger than the file was, so that a full one means it grew.
    private func readAll(
        _ file: Int32, into buffer: UnsafeMutableRawBufferPointer, _ attempted: String
    ) throws(FileFault) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try failing(attempted) { () throws(SystemError) in
                unsafe try calls.read(file, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            }
            if count == 0 { return filled }
            filled += count
        }
        throw FileFault(.tooLarge, attempted, got: "a file that grows while it is read")
    }
}
