import Faults
import Glibc

/// Where a local socket is in the file system.
struct SocketAddress {
    let path: String

    /// - Throws: `LocalSocketFault.pathTooLong`: the kernel takes 107 bytes (unix(7)).
    init(path: String) throws(LocalSocketFault) {
        let limit = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
        guard (1...limit).contains(path.utf8.count), !path.utf8.contains(0) else {
            throw LocalSocketFault(
                .pathTooLong, attempted: "use the socket '\(path)'", expected: "a path of 1 to \(limit) bytes",
                got: "\(path.utf8.count)")
        }
        self.path = path
    }

    /// Lends the address in the form that the kernel takes.
    func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// A new stream socket, closed on exec.
func localSocket() throws(LocalSocketFault) -> Descriptor {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard let descriptor = Descriptor(owning: socket(AF_UNIX, kind, 0)) else { throw .system("make a local socket") }
    return descriptor
}
