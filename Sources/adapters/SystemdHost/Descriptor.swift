import CSystemd
import Glibc

/// A file descriptor with one owner, closed when the value ends.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes ownership of an open descriptor; nil for a negative number, as calls return one that failed.
    init?(owning number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { close(number) }

    /// Reads until the end of the file or the end of `target`, over interruptions; how many bytes, or -errno.
    func readAll(into target: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < target.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[filled...])
            let got = unsafe read(number, rest.baseAddress, rest.count)
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                return -Int(errno)
            }
            filled += got
        }
        return filled
    }
}

/// A pipe of this process' own; both ends are closed when the value ends, the writing one earlier on demand.
struct Pipe: ~Copyable {
    let reading: Int32
    private(set) var writing: Int32

    /// nil where the process has no descriptors left; `errno` says so.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard unsafe signet_pipe(&ends) == 0 else { return nil }
        reading = ends[0]
        writing = ends[1]
    }

    /// The other process has the only writing end from here on.
    mutating func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }

    deinit {
        close(reading)
        if writing >= 0 { close(writing) }
    }
}
