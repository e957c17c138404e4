import Glibc

private struct Unavailable: Error {}

/// A socket on a free port of 127.0.0.1; without `listening`, connecting to it is refused.
package func listeningSocket(listening: Bool = true) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0 && (!listening || listen(descriptor, 16) == 0)
                && getsockname(descriptor, $0, &size) == 0
        }
    }
    guard isBound else { throw Unavailable() }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

/// Sends all of it, or as much as the other side takes.
package func sendAll(_ bytes: [UInt8], to descriptor: Int32) {
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return }
        sent += count
    }
}
