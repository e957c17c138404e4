import Glibc

/// Small text files below a root folder. Whatever cannot be read is absent: a fact that is missing is no failure.
struct SmallFiles: Sendable {
    private let root: String

    init(root: String) { self.root = String(root.reversed().drop { $0 == "/" }.reversed()) }

    /// The file's first line, at most 512 bytes of it.
    func line(_ path: String) -> String? {
        text(path, limit: 512).map { String($0.prefix { !$0.isNewline }) }
    }

    /// The first `limit` bytes of a plain file of UTF-8 text; nil where there is no such file.
    func text(_ path: String, limit: Int) -> String? {
        let descriptor = unsafe open(root + path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { target, filled in
            while filled < limit {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(target)[filled...])
                let got = unsafe read(descriptor, rest.baseAddress, rest.count)
                if got > 0 { filled += got } else if got == 0 || errno != EINTR { break }
            }
        }
        // A character that the limit cut is none: only whole lines count there.
        return String(
            validating: bytes.count == limit ? bytes[..<(bytes.lastIndex(of: 0x0A) ?? 0)] : bytes[...], as: UTF8.self)
    }

    func exists(_ path: String) -> Bool { unsafe access(root + path, F_OK) == 0 }

    /// The names in a folder, at most 4096 of them; none where it cannot be listed.
    func names(in path: String) -> [String] {
        guard let stream = unsafe opendir(root + path) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while names.count < 4096, let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
