import CurlTransport
import Faults
import FoundationEssentials
import Glibc
import SCEP
import TestServers
import Testing

@Suite(.timeLimit(.minutes(2))) struct CurlTransportTests {
    private func transport() throws -> CurlTransport { try CurlTransport(userAgent: "signet/1.2") }

    private func get(_ url: String, limit: Int = 65_536, deadline: Double = 60) -> HTTPRequest {
        HTTPRequest(method: .get, url: url, limit: limit, deadline: deadline)
    }

    private func post(_ url: String, _ body: [UInt8], deadline: Double = 60) -> HTTPRequest {
        HTTPRequest(
            method: .post, url: url, body: body, contentType: "application/x-pki-message", limit: 65_536,
            deadline: deadline)
    }

    private func code(_ transport: CurlTransport, _ request: HTTPRequest) async -> TransportFaultCode? {
        do {
            _ = try await transport.exchange(request)
            return nil
        } catch {
            return (error as? TransportFault)?.code
        }
    }

    @Test func `the server sees plain, complete requests`() async throws {
        let server = try LoopbackServer { connection in
            while connection.next() != nil { connection.reply("ok") }
        }
        defer { server.stop() }
        let transport = try transport()
        let body: [UInt8] = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }
        _ = try await transport.exchange(post(server.url("/scep?a=b&operation=PKIOperation"), body))
        _ = try await transport.exchange(get(server.url("/scep?operation=GetCACaps")))

        try #require(server.requests.count == 2)
        let first = server.requests[0]
        #expect(first.line == "POST /scep?a=b&operation=PKIOperation HTTP/1.1")
        #expect(first.body == body)
        #expect(first.headers["content-length"] == "5000")
        #expect(first.headers["content-type"] == "application/x-pki-message")
        #expect(first.headers["user-agent"] == "signet/1.2")
        #expect(first.headers["cache-control"] == "no-cache")
        #expect(first.headers["host"] == "127.0.0.1:\(server.port)")
        for absent in ["expect", "transfer-encoding", "authorization", "cookie", "accept-encoding", "te", "upgrade"] {
            #expect(first.headers[absent] == nil)
        }
        let second = server.requests[1]
        #expect(second.line == "GET /scep?operation=GetCACaps HTTP/1.1")
        #expect(second.headers["content-type"] == nil)
        #expect(second.headers["content-length"] == nil)
    }

    @Test func `several exchanges go over one connection`() async throws {
        let server = try LoopbackServer { connection in
            while let request = connection.next() { connection.reply(request.line) }
        }
        defer { server.stop() }
        let transport = try transport()
        for number in 0..<5 {
            let response = try await transport.exchange(get(server.url("/\(number)")))
            #expect(response.body == Array("GET /\(number) HTTP/1.1".utf8))
            #expect(response.serverCertificates.isEmpty)
            _ = try await transport.exchange(post(server.url("/"), [UInt8](repeating: 1, count: 3000)))
        }
        #expect(server.connectionCount == 1)
    }

    @Test func `a request with a connection of its own is not lost with the one that a server is closing`() async throws
    {
        let server = try LoopbackServer { connection in
            // One answer each, and nothing says that the connection ends.
            if let request = connection.next() { connection.reply(request.line) }
        }
        defer { server.stop() }
        let transport = try transport()
        _ = try await transport.exchange(post(server.url("/"), [1]))
        var own = get(server.url("/own"))
        (own.isRepeatable, own.hasOwnConnection) = (false, true)
        #expect(try await transport.exchange(own).status == 200)
        #expect(server.connectionCount == 2)
    }

    @Test func `where a server ends its connections and does not say so, what is sent once has one of its own`()
        async throws
    {
        let server = try LoopbackServer { connection in
            if let request = connection.next() { connection.reply(request.line) }
        }
        defer { server.stop() }
        let transport = try transport()
        for path in ["/1", "/2"] { _ = try await transport.exchange(get(server.url(path))) }
        #expect(try await transport.exchange(post(server.url("/3"), [1])).status == 200)
        #expect(server.connectionCount == 3)
    }

    @Test func `any status is an answer, with its media type, and no redirect is followed`() async throws {
        let server = try LoopbackServer { connection in
            while let request = connection.next() {
                if request.line.contains("/html") {
                    connection.reply(
                        "<html>", status: "503 Busy", headers: ["Content-Type: Text/HTML; charset=utf-8"])
                } else {
                    connection.reply("", status: "302 Found", headers: ["Location: /html"])
                }
            }
        }
        defer { server.stop() }
        let transport = try transport()
        let html = try await transport.exchange(post(server.url("/html"), [1]))
        #expect((html.status, html.contentType, html.body) == (503, "text/html", Array("<html>".utf8)))
        let redirect = try await transport.exchange(get(server.url("/elsewhere")))
        #expect((redirect.status, redirect.contentType) == (302, nil))
        #expect(redirect.location == server.url("/html"))
        #expect(html.location == nil)
        #expect(server.requests.count == 2)
    }

    @Test func `Retry-After is seconds, whether number or date, and bounded`() async throws {
        let server = try LoopbackServer { connection in
            while let request = connection.next() {
                let value = request.line.split(separator: " ")[1].dropFirst().replacing("_", with: " ")
                connection.reply("", status: "429 Slow", headers: value.isEmpty ? [] : ["Retry-After: \(value)"])
            }
        }
        defer { server.stop() }
        let transport = try transport()
        #expect(try await transport.exchange(get(server.url("/"))).retryAfter == nil)
        #expect(try await transport.exchange(get(server.url("/120"))).retryAfter == 120)
        #expect(try await transport.exchange(get(server.url("/999999999"))).retryAfter == 86_400)
        #expect(try await transport.exchange(get(server.url("/soon"))).retryAfter == nil)
        let future = "Fri,_31_Dec_2100_23:59:59_GMT"
        #expect(try await transport.exchange(get(server.url("/\(future)"))).retryAfter == 86_400)
        let past = "Fri,_31_Dec_1999_23:59:59_GMT"
        #expect(try await transport.exchange(get(server.url("/\(past)"))).retryAfter == nil)
    }

    @Test func `the server's time is what the last head says, and nothing where that is no time`() async throws {
        let server = try LoopbackServer { connection in
            while let request = connection.next() {
                let value = request.line.split(separator: " ")[1].dropFirst().replacing("_", with: " ")
                if value.hasPrefix("Tue") { connection.send("HTTP/1.1 102 Processing\r\nDate: \(value)\r\n\r\n") }
                let isLast = !value.isEmpty && !value.hasPrefix("Tue")
                connection.reply("", headers: isLast ? ["dAtE:\(value)"] : [])
            }
        }
        defer { server.stop() }
        let transport = try transport()
        let sent = "Fri,_31_Dec_2100_23:59:59_GMT"
        let time = Date(timeIntervalSince1970: 4_133_980_799)
        #expect(try await transport.exchange(get(server.url("/\(sent)"))).date == time)
        for none in ["", "Tue,_1_Jan_2030_00:00:00_GMT", "soon", "-5", String(repeating: "9", count: 200)] {
            #expect(try await transport.exchange(get(server.url("/\(none)"))).date == nil, "\(none)")
        }
    }

    @Test func `what a cache answers tells no time`() async throws {
        let server = try LoopbackServer { connection in
            while connection.next() != nil {
                connection.reply("", headers: ["Date: Fri, 31 Dec 2100 23:59:59 GMT", "aGe: 90000"])
            }
        }
        defer { server.stop() }
        #expect(try await transport().exchange(get(server.url("/"))).date == nil)
    }

    @Test func `an answer may fill the limit and not pass it, announced or not`() async throws {
        let server = try LoopbackServer { connection in
            while let request = connection.next() {
                let body = String(repeating: "x", count: request.line.contains("full") ? 1000 : 1001)
                if request.line.contains("chunked") {
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    connection.send(String(body.utf8.count, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n")
                } else {
                    connection.reply(body)
                }
            }
        }
        defer { server.stop() }
        let transport = try transport()
        #expect(try await transport.exchange(get(server.url("/full"), limit: 1000)).body.count == 1000)
        #expect(try await transport.exchange(get(server.url("/full/chunked"), limit: 1000)).body.count == 1000)
        #expect(await code(transport, get(server.url("/over"), limit: 1000)) == .tooLarge)
        #expect(await code(transport, get(server.url("/over/chunked"), limit: 1000)) == .tooLarge)
    }

    @Test func `a flood of headers ends the exchange`() async throws {
        let server = try LoopbackServer { connection in
            guard let request = connection.next() else { return }
            connection.send("HTTP/1.1 200 OK\r\n")
            if request.line.contains("many") {
                for number in 0..<1000 { connection.send("X-\(number): x\r\n") }
            } else {
                for _ in 0..<12 { connection.send("X: " + String(repeating: "y", count: 8000) + "\r\n") }
            }
            connection.send("Content-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        #expect(await code(try transport(), get(server.url("/many"))) == .tooLarge)
        #expect(await code(try transport(), get(server.url("/long"))) == .tooLarge)
    }

    @Test func `a server that never answers costs no more than the deadline`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.next()
            connection.waitForEnd()
        }
        defer { server.stop() }
        let transport = try transport()
        #expect(await code(transport, post(server.url(), [1], deadline: 0.2)) == .timedOut)
        // Nothing was sent: the TLS handshake never ended.
        let silent = post(server.url(scheme: "https"), [1], deadline: 0.2)
        #expect(await code(transport, silent) == .timedOutBeforeSending)
    }

    @Test func `a server that trickles its answer costs no more than the deadline`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.next()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
            connection.waitForEnd()
        }
        defer { server.stop() }
        #expect(await code(try transport(), get(server.url(), deadline: 0.2)) == .timedOut)
    }

    @Test func `cancelling ends a running exchange`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.next()
            connection.waitForEnd()
        }
        defer { server.stop() }
        let transport = try transport()
        let request = post(server.url(), [1], deadline: 3600)
        let task = Task { await code(transport, request) }
        for await _ in server.received { break }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test func `a cancelled task sends nothing, and the transport serves the next`() async throws {
        let server = try LoopbackServer { connection in
            while connection.next() != nil { connection.reply("ok") }
        }
        defer { server.stop() }
        let transport = try transport()
        let request = get(server.url("/never"))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await code(transport, request)
        }
        #expect(await task.value == .cancelled)
        #expect(try await transport.exchange(get(server.url("/next"))).status == 200)
        #expect(server.requests.map(\.line) == ["GET /next HTTP/1.1"])
    }

    @Test func `nobody there, no such name, no such address`() async throws {
        let (descriptor, port) = try listeningSocket(listening: false)
        defer { close(descriptor) }
        let transport = try transport()
        #expect(await code(transport, post("http://127.0.0.1:\(port)/", [1])) == .notConnected)
        // A label that is too long for DNS is refused before anybody is asked.
        let name = String(repeating: "a", count: 64) + ".invalid"
        #expect(await code(transport, post("http://\(name)/", [1])) == .nameNotResolved)
        for url in ["", "http://", "ftp://127.0.0.1/", "file:///etc/passwd", "http://u:p@127.0.0.1:\(port)/"] {
            #expect(await code(transport, get(url)) == .badURL, "\(url)")
        }
    }

    @Test func `an answer that is cut short is a lost connection`() async throws {
        let server = try LoopbackServer { connection in
            guard let request = connection.next() else { return }
            if request.line.contains("half") {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
            } else if request.line.contains("head") {
                connection.send("HTTP/1.1 200 OK\r\nContent-Le")
            }
        }
        defer { server.stop() }
        for path in ["/half", "/head", "/nothing"] {
            #expect(await code(try transport(), post(server.url(path), [1])) == .connectionLost, "\(path)")
        }
    }

    @Test func `what is not HTTP is a malformed answer`() async throws {
        let server = try LoopbackServer { connection in
            _ = connection.next()
            connection.send("SSH-2.0-OpenSSH_9.2p1\r\n")
            connection.waitForEnd()
        }
        defer { server.stop() }
        #expect(await code(try transport(), get(server.url())) == .malformedAnswer)
    }

    @Test func `a status that is no number of three digits is a malformed answer`() async throws {
        let server = try LoopbackServer { connection in
            guard let request = connection.next() else { return }
            connection.send("HTTP/2\(request.line.contains("short") ? " 7" : "1a")\r\nContent-Length: 0\r\n\r\n")
        }
        defer { server.stop() }
        for path in ["/short", "/wrong"] {
            #expect(await code(try transport(), get(server.url(path))) == .malformedAnswer, "\(path)")
        }
    }

    @Test func `a server that speaks no TLS is refused before anything is sent`() async throws {
        let server = try LoopbackServer { connection in
            connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            connection.waitForEnd()
        }
        defer { server.stop() }
        #expect(await code(try transport(), post(server.url(scheme: "https"), [1])) == .tlsRefused)
    }

    /// Sends its first answer, then takes the second request and hangs up, as servers do that time out or restart.
    private func hangUpServer() throws -> LoopbackServer {
        try LoopbackServer { connection in
            guard connection.next() != nil else { return }
            connection.reply("ok")
            _ = connection.next()
        }
    }

    @Test func `a POST is never repeated behind the caller's back`() async throws {
        let server = try hangUpServer()
        defer { server.stop() }
        let transport = try transport()
        #expect(try await transport.exchange(post(server.url("/1"), [1])).status == 200)
        #expect(await code(transport, post(server.url("/2"), [1])) == .connectionLost)
        #expect(server.requests.map(\.line) == ["POST /1 HTTP/1.1", "POST /2 HTTP/1.1"])
    }

    @Test func `a GET over a connection that ended meanwhile is sent again`() async throws {
        let server = try hangUpServer()
        defer { server.stop() }
        let transport = try transport()
        #expect(try await transport.exchange(get(server.url("/1"))).status == 200)
        #expect(try await transport.exchange(get(server.url("/2"))).status == 200)
        #expect(server.connectionCount == 2)
    }

    @Test func `unless it is one that does something, as a message by GET is (N-83)`() async throws {
        let server = try hangUpServer()
        defer { server.stop() }
        let transport = try transport()
        #expect(try await transport.exchange(get(server.url("/1"))).status == 200)
        let message = HTTPRequest(
            method: .get, url: server.url("/2"), limit: 1000, deadline: 10, isRepeatable: false)
        #expect(await code(transport, message) == .connectionLost)
        #expect(server.requests.map(\.line) == ["GET /1 HTTP/1.1", "GET /2 HTTP/1.1"])
    }

    @Test func `a fault names the address without its query`() async throws {
        let (descriptor, port) = try listeningSocket(listening: false)
        defer { close(descriptor) }
        let transport = try transport()
        let request = get("http://127.0.0.1:\(port)/scep?operation=PKIOperation&message=MIIB")
        let fault = await #expect(throws: TransportFault.self) { try await transport.exchange(request) }
        #expect(fault?.attempted == "GET http://127.0.0.1:\(port)/scep")
        #expect(fault?.description.contains("MIIB") == false)
    }
}
