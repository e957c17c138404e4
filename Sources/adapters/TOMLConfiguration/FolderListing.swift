import Glibc

/// The names in a folder.
enum FolderListing {
    /// Names beyond which a folder is not listed to its end.
    private static let limit = 4096

    /// nil where the folder cannot be listed, or holds more than 4096 names.
    static func names(in folder: borrowing Descriptor) -> [String]? {
        // readdir's stream takes its descriptor over, so it gets one of its own.
        let own = unsafe openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { return nil }
        guard let stream = unsafe fdopendir(own) else {
            close(own)
            return nil
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { return errno == 0 ? names : nil }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard names.count < limit else { return nil }
            names.append(name)
        }
    }
}
