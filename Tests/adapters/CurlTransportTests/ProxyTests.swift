import CurlTransport
import Faults
import Glibc
import SCEP
import Secrets
import TestServers
import Testing

/// What goes through a proxy, and what does not get past one.
@Suite(.timeLimit(.minutes(2))) struct ProxyTests {
    private func transport(_ port: UInt16, login text: String? = nil) throws -> CurlTransport {
        let login = text.flatMap { Login(Array($0.utf8).withUnsafeBytes { Secret(copying: $0) }) }
        return try CurlTransport(
            userAgent: "signet/1", proxy: HTTPProxy(url: "http://127.0.0.1:\(port)", login: login))
    }

    private func post(_ url: String) -> HTTPRequest {
        HTTPRequest(method: .post, url: url, body: [1, 2, 3], limit: 1000, deadline: 60)
    }

    private func fault(_ transport: CurlTransport, _ url: String) async throws -> TransportFault {
        try #require(await #expect(throws: TransportFault.self) { try await transport.exchange(post(url)) })
    }

    @Test func `http is forwarded, with the login at once, and sent once`() async throws {
        let proxy = try LoopbackServer { connection in
            while connection.next() != nil { connection.reply("ok") }
        }
        defer { proxy.stop() }
        let transport = try transport(proxy.port, login: "us er:pa:ss%41")
        for _ in 0..<2 { #expect(try await transport.exchange(post("http://a.invalid/scep?b=c")).status == 200) }
        #expect(proxy.connectionCount == 1)
        #expect(proxy.requests.map(\.line) == [String](repeating: "POST http://a.invalid/scep?b=c HTTP/1.1", count: 2))
        // "us er:pa:ss%41"
        #expect(proxy.requests.allSatisfy { $0.headers["proxy-authorization"] == "Basic dXMgZXI6cGE6c3MlNDE=" })
        #expect(proxy.requests.allSatisfy { $0.headers["authorization"] == nil && $0.body == [1, 2, 3] })
    }

    @Test func `where none is wanted no login is sent`() async throws {
        let proxy = try LoopbackServer { connection in
            while connection.next() != nil { connection.reply("ok") }
        }
        defer { proxy.stop() }
        #expect(try await transport(proxy.port).exchange(post("http://a.invalid/")).status == 200)
        #expect(proxy.requests.first?.headers["proxy-authorization"] == nil)
    }

    @Test(arguments: ["http://a.invalid/scep", "https://a.invalid/scep"])
    func `a proxy that wants another login is an error of its own`(url: String) async throws {
        let proxy = try LoopbackServer { connection in
            while connection.next() != nil {
                connection.reply(
                    "login", status: "407 Login", headers: ["Proxy-Authenticate: Basic realm=\"a\""])
            }
        }
        defer { proxy.stop() }
        for (login, got) in [(nil, "none"), ("user:wrong", "one that it refuses")] {
            let fault = try await fault(transport(proxy.port, login: login), url)
            #expect((fault.code, fault.got) == (.proxyUnauthorised, got))
            #expect(!fault.code.requestMayHaveArrived && !fault.description.contains("wrong"))
        }
    }

    @Test(arguments: ["403 No", "502 Gone", "301 Elsewhere", "200 OK"])
    func `a tunnel that does not open is an error of its own`(status: String) async throws {
        let proxy = try LoopbackServer { connection in
            guard let request = connection.next() else { return }
            #expect(request.line == "CONNECT a.invalid:443 HTTP/1.1")
            connection.reply("", status: status)
        }
        defer { proxy.stop() }
        let fault = try await fault(transport(proxy.port), "https://a.invalid/scep")
        // What is behind an open one speaks no TLS here.
        #expect(fault.code == (status.hasPrefix("2") ? .tlsRefused : .proxyRefused))
        #expect(!fault.code.requestMayHaveArrived)
    }

    @Test(arguments: ["http://a.invalid/", "https://a.invalid/"])
    func `a proxy that is not there is an error of its own`(url: String) async throws {
        let (descriptor, port) = try listeningSocket(listening: false)
        defer { close(descriptor) }
        #expect(try await fault(transport(port), url).code == .proxyNotConnected)
        let name = String(repeating: "a", count: 64) + ".invalid"
        let nameless = try CurlTransport(userAgent: "signet/1", proxy: HTTPProxy(url: "http://\(name):1"))
        #expect(try await fault(nameless, url).code == .proxyNotConnected)
    }
}
