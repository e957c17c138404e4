import Dispatch
import Faults
import FoundationEssentials
import Glibc
import LocalSocket
import TestFiles
import Testing
import Varlink

/// Runs `body` with the path of a socket in a new folder that is gone afterwards.
func withSocketPath<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    try await withScratchFolder { try await body($0 + "/s") }
}

/// Runs `body` with a server at a path, which is stopped afterwards.
func withServer(
    limits: ServerLimits = .control, secretParameter: String? = nil,
    onChange: @escaping @Sendable (Int) -> Void = { _ in }, handler: @escaping LocalServer.Handler = echo,
    _ body: (LocalServer, String) async throws -> Void
) async throws {
    try await withSocketPath { path in
        let server = try LocalServer(
            LocalListener(path: path, mode: 0o600), limits: limits, secretParameter: secretParameter,
            onChange: onChange, handler: handler)
        do {
            try await body(server, path)
        } catch {
            await server.stop(within: .zero)
            throw error
        }
        await server.stop(within: .zero)
    }
}

/// Replies with what it was sent: once, or with `more` three times.
let echo: LocalServer.Handler = { call, connection in
    guard let parameters = try? call.parameters(as: JSONValue.self) else { return }
    if call.more {
        try? connection.reply(parameters, continues: true)
        try? connection.reply(parameters, continues: true)
    }
    try? connection.reply(parameters)
}

/// Things that happen in other tasks, to be waited for in order.
struct Events: Sendable {
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func note(_ event: String) { continuation.yield(event) }

    /// The next thing.
    func next() async -> String? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }

    /// Waits until this happens, and passes over what happens before.
    func wait(for event: String) async {
        while let next = await next(), next != event {}
    }
}

/// A client that sends whatever bytes it is told to, over a socket that blocks for five minutes at most.
final class RawClient {
    let number: Int32
    private var unread: [UInt8] = []

    init(_ path: String) throws {
        number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 300, tv_usec: 0)
        setsockopt(number, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(number, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Failure.errno(Glibc.errno) }
    }

    enum Failure: Error { case errno(Int32) }

    deinit { close(number) }

    /// Whether all of it could be sent.
    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(number, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult func send(_ message: String) -> Bool { send(Array(message.utf8) + [0]) }

    func closeSending() { shutdown(number, Int32(SHUT_WR)) }

    /// Goes away.
    func hangUp() { shutdown(number, Int32(SHUT_RDWR)) }

    /// The next message; nil where the server has closed.
    func message() async throws -> String? {
        while true {
            if let end = unread.firstIndex(of: 0) {
                defer { unread.removeFirst(end + 1) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let bytes = try await received()
            if bytes.isEmpty { return nil }
            unread += bytes
        }
    }

    /// Waits on a thread that is none of those which all tasks share.
    private func received() async throws -> [UInt8] {
        let number = number
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "RawClient").async {
                var buffer = [UInt8](repeating: 0, count: 65536)
                let count = recv(number, &buffer, buffer.count, 0)
                if count < 0 && errno != ECONNRESET {
                    continuation.resume(throwing: Failure.errno(errno))
                } else {
                    continuation.resume(returning: Array(buffer[..<max(count, 0)]))
                }
            }
        }
    }
}

/// The code of the `LocalSocketFault` that `body` throws.
func code(_ body: () async throws -> Void) async -> LocalSocketFaultCode? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? LocalSocketFault)?.code
    }
}

/// Returns when the task is cancelled, and not before.
func untilCancelled() async {
    for await _ in AsyncStream<Never>.makeStream().stream {}
}

/// Runs `body` with the file-system rights of user nobody where the tests run as root, who may open everything
/// (setfsuid(2): this thread's alone).
func asNobody<Value>(_ body: () throws -> Value) throws -> Value {
    guard getuid() == 0 else { return try body() }
    typealias SetUser = @convention(c) (UInt32) -> Int32
    let setUser = unsafeBitCast(try #require(dlsym(nil, "setfsuid")), to: SetUser.self)
    _ = setUser(65_534)
    defer { _ = setUser(0) }
    return try body()
}
