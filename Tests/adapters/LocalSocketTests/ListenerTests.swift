import Faults
import Glibc
import LocalSocket
import Testing
import Varlink

struct ListenerTests {
    @Test func `The socket has the mode that was asked for, whatever the umask`() async throws {
        try await withSocketPath { path in
            let listener = try LocalListener(path: path, mode: 0o666)
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o666)
            listener.remove()
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test func `A socket that nobody listens at any more is replaced`() async throws {
        try await withSocketPath { path in
            do { _ = try LocalListener(path: path, mode: 0o600) }
            #expect(access(path, F_OK) == 0)
            _ = try LocalListener(path: path, mode: 0o600)
        }
    }

    @Test func `A socket that somebody listens at, and anything else, is left alone`() async throws {
        try await withServer { _, path in
            #expect(await code { _ = try LocalListener(path: path, mode: 0o600) } == .inUse)
        }
        try await withSocketPath { path in
            #expect(mkdir(path, 0o700) == 0)
            #expect(await code { _ = try LocalListener(path: path, mode: 0o600) } == .inUse)
        }
    }

    @Test func `A path that is too long is refused, one of 107 bytes is not`() async throws {
        try await withSocketPath { path in
            let room = 107 - path.utf8.count
            let longest = path + String(repeating: "x", count: room)
            try LocalListener(path: longest, mode: 0o600).remove()
            #expect(await code { _ = try LocalListener(path: longest + "x", mode: 0o600) } == .pathTooLong)
            #expect(await code { _ = try LocalListener(path: "", mode: 0o600) } == .pathTooLong)
            #expect(await code { _ = try LocalListener(path: "a\0b", mode: 0o600) } == .pathTooLong)
        }
    }

    @Test func `A listening descriptor is adopted`() async throws {
        try await withSocketPath { path in
            let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            #expect(bound == 0 && listen(number, 4) == 0)
            let server = try LocalServer(LocalListener(adopting: number), limits: .admin, handler: echo)
            let reply = try await LocalClient(path: path).lastReply(to: Call("t.Echo"), within: .seconds(300))
            #expect(try reply.parameters() == NoParameters())
            await server.stop()
            // Whoever made the socket removes it.
            #expect(access(path, F_OK) == 0)
        }
    }

    @Test func `A descriptor that is no listening local socket is refused`() async throws {
        #expect(await code { _ = try LocalListener(adopting: -1) } == .notAListener)
        #expect(
            await code { _ = try LocalListener(adopting: open("/dev/null", O_RDONLY | O_CLOEXEC)) } == .notAListener)
        #expect(
            await code {
                _ = try LocalListener(adopting: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
            } == .notAListener)
        #expect(
            await code {
                _ = try LocalListener(adopting: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
            } == .notAListener)
    }
}
