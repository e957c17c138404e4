import Faults
import Glibc

/// A local socket that others can connect to; closed when the value ends.
package struct LocalListener: ~Copyable {
    let descriptor: Descriptor
    /// The socket in the file system, where it was made here: `remove` removes it.
    private let madePath: String?

    /// Takes over a listening descriptor, as systemd passes one; it is closed with this value.
    ///
    /// - Throws: `LocalSocketFault.notAListener`; the descriptor is closed then.
    package init(adopting number: Int32) throws(LocalSocketFault) {
        guard let descriptor = Descriptor(owning: number) else {
            throw LocalSocketFault(.notAListener, attempted: "take over socket \(number)")
        }
        for (option, wanted) in [(SO_DOMAIN, AF_UNIX), (SO_TYPE, Int32(SOCK_STREAM.rawValue)), (SO_ACCEPTCONN, 1)] {
            var value: Int32 = -1
            var size = socklen_t(MemoryLayout<Int32>.size)
            guard unsafe getsockopt(number, SOL_SOCKET, option, &value, &size) == 0, value == wanted else {
                throw LocalSocketFault(
                    .notAListener, attempted: "take over socket \(number)", expected: "a listening local stream socket")
            }
        }
        let flags = fcntl(number, F_GETFL)
        guard fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0, fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
            throw .system("take over socket \(number)")
        }
        self.descriptor = descriptor
        madePath = nil
    }

    /// Listens at a path. A socket that nobody listens at any more is replaced.
    ///
    /// - Parameter mode: who may connect: those who may write.
    /// - Throws: `LocalSocketFault`: `.pathTooLong`, `.inUse`, `.notPermitted`, `.unreachable` (no such folder).
    package init(path: String, mode: UInt32) throws(LocalSocketFault) {
        let address = try SocketAddress(path: path)
        let descriptor = try localSocket()
        try LocalListener.removeAbandoned(address)
        // Before bind(2), so that there is no moment in which the socket is open to more than `mode`.
        guard fchmod(descriptor.number, mode) == 0 else { throw .system("set the mode of '\(path)'") }
        guard unsafe address.withAddress({ unsafe bind(descriptor.number, $0, $1) }) == 0 else {
            throw .system("bind the socket '\(path)'")
        }
        // After it too, because the process' umask(2) took bits away.
        guard unsafe chmod(path, mode) == 0, listen(descriptor.number, 64) == 0,
            fcntl(descriptor.number, F_SETFL, O_NONBLOCK) == 0
        else { throw .system("listen at '\(path)'") }
        self.descriptor = descriptor
        madePath = path
    }

    /// Puts the parts of a listener together again (`released`).
    init?(number: Int32, madePath: String?) {
        guard let descriptor = Descriptor(owning: number) else { return nil }
        self.descriptor = descriptor
        self.madePath = madePath
    }

    /// Takes the listener apart; whoever has the parts closes the descriptor.
    consuming func released() -> (number: Int32, madePath: String?) {
        let path = madePath
        return (descriptor.released(), path)
    }

    /// Removes the socket from the file system, where it was made here.
    package func remove() {
        if let madePath { _ = unsafe unlink(madePath) }
    }

    private static func removeAbandoned(_ address: SocketAddress) throws(LocalSocketFault) {
        let attempted = "listen at '\(address.path)'"
        var status = stat()
        guard unsafe lstat(address.path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw LocalSocketFault(.inUse, attempted: attempted, expected: "nothing there, or a socket")
        }
        let probe = try localSocket()
        guard unsafe address.withAddress({ unsafe connect(probe.number, $0, $1) }) != 0, errno == ECONNREFUSED else {
            throw LocalSocketFault(.inUse, attempted: attempted, got: "a socket that another process listens at")
        }
        guard unsafe unlink(address.path) == 0 else { throw .system(attempted) }
    }
}
