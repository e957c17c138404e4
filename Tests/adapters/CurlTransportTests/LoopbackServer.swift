import Dispatch
import Glibc
import Synchronization
import TestServers

/// A real HTTP server on 127.0.0.1 that does what a test's script says, connection by connection.
final class LoopbackServer: Sendable {
    /// What one connection does, on a thread of its own; the connection closes when it returns.
    typealias Script = @Sendable (_ connection: Connection) -> Void

    struct Request: Sendable {
        var line = ""
        /// Lower-case names.
        var headers: [String: String] = [:]
        var body: [UInt8] = []
    }

    let port: UInt16
    /// Every request as it is received.
    let received: AsyncStream<Request>
    private let listener: Int32
    private let log = Mutex((connections: [Int32](), requests: [Request](), isOver: false))
    private let announce: AsyncStream<Request>.Continuation

    init(_ script: @escaping Script) throws {
        (listener, port) = try listeningSocket()
        (received, announce) = AsyncStream.makeStream()
        DispatchQueue(label: "server").async { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                let isOver = log.withLock { log in
                    log.connections.append(descriptor)
                    return log.isOver
                }
                if isOver { shutdown(descriptor, Int32(SHUT_RDWR)) }
                DispatchQueue(label: "connection").async { [self] in
                    script(Connection(descriptor: descriptor, server: self))
                    shutdown(descriptor, Int32(SHUT_RDWR))
                }
            }
        }
    }

    var requests: [Request] { log.withLock { $0.requests } }
    var connectionCount: Int { log.withLock { $0.connections.count } }
    func url(_ path: String = "/scep?operation=x", scheme: String = "http") -> String {
        "\(scheme)://127.0.0.1:\(port)\(path)"
    }

    /// Ends the listener and every connection.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        let open = log.withLock { log in
            log.isOver = true
            return log.connections
        }
        for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        announce.finish()
    }

    fileprivate func record(_ request: Request) {
        log.withLock { $0.requests.append(request) }
        announce.yield(request)
    }

    struct Connection {
        let descriptor: Int32
        let server: LoopbackServer

        /// The next request; nil where the client is gone.
        func next() -> Request? {
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
                var byte: UInt8 = 0
                guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
                head.append(byte)
            }
            var request = Request()
            for line in String(decoding: head, as: UTF8.self).split(separator: "\r\n") {
                if request.line.isEmpty {
                    request.line = String(line)
                } else if let colon = line.firstIndex(of: ":") {
                    let value = line[line.index(after: colon)...].drop { $0 == " " }
                    request.headers[line[..<colon].lowercased()] = String(value)
                }
            }
            let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
            while request.body.count < length {
                var buffer = [UInt8](repeating: 0, count: length - request.body.count)
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return nil }
                request.body += buffer.prefix(count)
            }
            server.record(request)
            return request
        }

        func send(_ text: String) { send(Array(text.utf8)) }

        func send(_ bytes: [UInt8]) {
            sendAll(bytes, to: descriptor)
        }

        func reply(_ body: String, status: String = "200 OK", headers: [String] = []) {
            let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
            send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        }

        /// Blocks until the client is gone.
        func waitForEnd() {
            var byte: UInt8 = 0
            while recv(descriptor, &byte, 1, 0) > 0 {}
        }
    }
}
