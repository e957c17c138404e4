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

    /// Gives the descriptor to somebody else, who closes it.
    consuming func released() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Reads what there is, at most `target.count` bytes.
    ///
    /// - Returns: how many; 0 at the end of the stream; nil where there is nothing yet.
    func receive(into target: UnsafeMutableRawBufferPointer) throws(LocalSocketFault) -> Int? {
        while true {
            let got = unsafe recv(number, target.baseAddress, target.count, Int32(MSG_DONTWAIT))
            if got >= 0 { return got }
            if errno == EAGAIN { return nil }
            if errno != EINTR { throw .system("read from a local socket") }
        }
    }

    /// Writes as much as the other side has room for.
    ///
    /// - Returns: how many bytes; 0 where there is no room.
    func send(_ source: UnsafeRawBufferPointer) throws(LocalSocketFault) -> Int {
        while true {
            let flags = Int32(MSG_DONTWAIT | MSG_NOSIGNAL)
            let sent = unsafe Glibc.send(number, source.baseAddress, source.count, flags)
            if sent >= 0 { return sent }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { throw .system("write to a local socket") }
        }
    }
}
