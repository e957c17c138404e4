import Dispatch
import Glibc

/// An HTTP server on a loopback address, one request a connection, one connection after another.
package final class PlainServer: Sendable {
    /// What a client sent.
    package struct Request: Sendable {
        /// The method and the target: "GET /scep?operation=GetCACaps".
        package var line: String
        package var body: [UInt8]
    }

    /// "http://127.0.0.1:PORT"
    package let url: String
    private let listener: Int32

    /// - Parameter answer: the whole answer, head and body as they are sent, whatever they are.
    package init(_ answer: @escaping @Sendable (Request) -> [UInt8]) throws {
        let (listener, port) = try listeningSocket()
        self.listener = listener
        url = "http://127.0.0.1:\(port)"
        DispatchQueue(label: "server").async {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                if let request = Self.read(connection) { sendAll(answer(request), to: connection) }
                close(connection)
            }
            close(listener)
        }
    }

    /// Takes no further connection.
    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The whole request: closing with something unread would reset the connection and lose the answer.
    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var head: (request: Request, length: Int)?
        while true {
            if head == nil, let end = endOfHead(bytes) {
                head = parse(bytes[..<end])
                bytes.removeFirst(end)
            }
            if let head, bytes.count >= head.length {
                return Request(line: head.request.line, body: bytes)
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer.prefix(count)
        }
    }

    /// Found plainly: a fuzzer stands behind millions of requests.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        var index = 3
        while index < bytes.count {
            if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A { return index + 1 }
            index += 1
        }
        return nil
    }

    private static func parse(_ head: ArraySlice<UInt8>) -> (Request, Int) {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let line = lines.first?.split(separator: " ").prefix(2).joined(separator: " ") ?? ""
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }?.split(separator: " ").last
        return (Request(line: line, body: []), length.flatMap { Int($0) } ?? 0)
    }
}
