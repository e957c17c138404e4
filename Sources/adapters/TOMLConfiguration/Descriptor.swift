import CLinux
import Glibc

/// A file descriptor with one owner, closed when the value ends.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Opens `path` relative to `folder`, over interruptions; never inherited, never waiting for a writer of a FIFO.
    init(opening path: String, in folder: Int32 = AT_FDCWD, _ flags: Int32) throws(OpenError) {
        while true {
            let number = unsafe openat(folder, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
            if number >= 0 {
                self.number = number
                return
            }
            guard errno == EINTR else { throw OpenError(number: errno) }
        }
    }

    deinit { close(number) }

    /// What the descriptor refers to; nil where the kernel will not say.
    var status: stat? {
        var status = stat()
        return unsafe fstat(number, &status) == 0 ? status : nil
    }

    /// Reads to the end, but no more than `limit` bytes and one; throws the errno.
    func read(upTo limit: Int) throws(OpenError) -> [UInt8] {
        // A buffer of the limit's size would cost memory that nothing is put into.
        let size = min(max(Int(status?.st_size ?? 0), 0), limit)
        var bytes = try chunk(size + 1)
        if bytes.count > size, size < limit { bytes += try chunk(limit - size) }
        return bytes
    }

    private func chunk(_ capacity: Int) throws(OpenError) -> [UInt8] {
        var failure: OpenError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, filled in
            while filled < capacity {
                let rest = unsafe UnsafeMutableRawBufferPointer(target)[filled...]
                let got = unsafe Glibc.read(
                    number, UnsafeMutableRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if got == 0 { break }
                if got > 0 {
                    filled += got
                } else if errno != EINTR {
                    failure = OpenError(number: errno)
                    break
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// Why a file could not be opened or read.
struct OpenError: Error {
    /// The errno.
    let number: Int32

    /// The errno's own text.
    var text: String { unsafe signet_errno_text(number).map { unsafe String(cString: $0) } ?? "error \(number)" }
}
