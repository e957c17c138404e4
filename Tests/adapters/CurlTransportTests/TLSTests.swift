import CurlTransport
import Faults
import FoundationEssentials
import Glibc
import SCEP
import Secrets
import TestFiles
import Testing

/// Against Python's HTTP server over TLS, with certificates made on the spot.
@Suite(.timeLimit(.minutes(2))) struct TLSTests {
    private func get(_ url: String) -> HTTPRequest {
        HTTPRequest(method: .get, url: url, limit: 1 << 20, deadline: 60)
    }

    @Test func `a server that chains to the given authority is shown with its certificate, also when kept`()
        async throws
    {
        let server = try TLSServer()
        defer { server.stop() }
        let transport = try CurlTransport(tlsAuthorities: server.pem, userAgent: "signet/1")
        let first = try await transport.exchange(get("https://localhost:\(server.port)/"))
        let second = try await transport.exchange(get("https://localhost:\(server.port)/"))
        #expect((first.status, first.serverCertificates) == (200, [server.der]))
        #expect((second.status, second.serverCertificates) == (200, [server.der]))
        // The server answers with the client's port: the second exchange made no handshake.
        #expect(first.body == second.body)
    }

    @Test(arguments: [16, 17])
    func `of a chain that is too long to be told nothing is shown, rather than a part`(length: Int) async throws {
        let server = try TLSServer(chainLength: length)
        defer { server.stop() }
        let transport = try CurlTransport(tlsAuthorities: server.pem, userAgent: "signet/1")
        let answer = try await transport.exchange(get("https://localhost:\(server.port)/"))
        #expect(answer.status == 200)
        let shown = length > 16 ? [] : [[UInt8]](repeating: server.der, count: length)
        #expect(answer.serverCertificates == shown)
    }

    @Test func `a server that the authorities do not vouch for is refused before anything is sent`() async throws {
        let server = try TLSServer()
        let other = try TLSServer()
        defer {
            server.stop()
            other.stop()
        }
        for authorities in [nil, other.pem, []] {
            let transport = try CurlTransport(tlsAuthorities: authorities, userAgent: "signet/1")
            let fault = await #expect(throws: TransportFault.self) {
                try await transport.exchange(get("https://localhost:\(server.port)/"))
            }
            #expect(fault?.code == .tlsRefused)
        }
        // Another name than the certificate's.
        let transport = try CurlTransport(tlsAuthorities: server.pem, userAgent: "signet/1")
        let fault = await #expect(throws: TransportFault.self) {
            try await transport.exchange(get("https://127.0.0.1:\(server.port)/"))
        }
        #expect(fault?.code == .tlsRefused)
    }

    @Test func `a client shows its certificate, and its token, to a server that asks`() async throws {
        let other = try TLSServer()
        let server = try TLSServer(asksFor: other)
        defer {
            server.stop()
            other.stop()
        }
        let identity = ClientAccess.Identity(certificates: other.pem, key: other.key)
        let token = secret("a.b-c_d~e+f/g==")
        let transport = try CurlTransport(
            tlsAuthorities: server.pem, userAgent: "signet/1",
            client: ClientAccess(identity: identity, token: token))
        for _ in 0..<2 {
            let answer = try await transport.exchange(get("https://localhost:\(server.port)/"))
            #expect(String(decoding: answer.body, as: UTF8.self).hasSuffix(" localhost Bearer a.b-c_d~e+f/g=="))
        }
        let stranger = try CurlTransport(
            tlsAuthorities: server.pem, userAgent: "signet/1", client: ClientAccess(identity: nil, token: token))
        await #expect(throws: TransportFault.self) {
            try await stranger.exchange(get("https://localhost:\(server.port)/"))
        }
        let unfit = try CurlTransport(
            tlsAuthorities: server.pem, userAgent: "signet/1",
            client: ClientAccess(identity: .init(certificates: other.pem, key: secret("no key")), token: nil))
        let fault = await #expect(throws: TransportFault.self) {
            try await unfit.exchange(get("https://localhost:\(server.port)/"))
        }
        #expect(fault?.code == .tlsRefused)
    }

    @Test(arguments: ["", "=", "a b", "a\r\nX-Evil: 1", "a=b", "a\u{0}", "ü"])
    func `what is no bearer token is sent in no header`(text: String) {
        #expect(!ClientAccess.isToken(secret(text)))
    }

    private func secret(_ text: String) -> Secret { Array(text.utf8).withUnsafeBytes { Secret(copying: $0) } }

    @Test func `TLS older than 1.2 is refused`() async throws {
        let server = try TLSServer(newest: "TLSv1_1")
        defer { server.stop() }
        let transport = try CurlTransport(tlsAuthorities: server.pem, userAgent: "signet/1")
        let fault = await #expect(throws: TransportFault.self) {
            try await transport.exchange(get("https://localhost:\(server.port)/"))
        }
        #expect(fault?.code == .tlsRefused)
    }
}

/// An HTTPS server on a free port of loopback, with a self-signed certificate for "localhost".
private final class TLSServer {
    let port: Int
    let pem: [UInt8]
    let der: [UInt8]
    let key: Secret
    private let process: pid_t

    private static let script = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                name = [value for pairs in (self.connection.getpeercert() or {}).get("subject", ()) for _, value in pairs]
                said = [*name, self.headers.get("Authorization")]
                body = " ".join([str(self.client_address[1]), *(one for one in said if one)]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion[sys.argv[3]]
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        if len(sys.argv) > 4:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=sys.argv[4])
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    /// - Parameters:
    ///   - newest: the newest version of TLS that it speaks, in Python's words.
    ///   - client: whose certificate a client must show; nil to ask for none.
    ///   - chainLength: how often it sends its certificate.
    init(newest: String = "MAXIMUM_SUPPORTED", asksFor client: TLSServer? = nil, chainLength: Int = 1) throws {
        (pem, key, process, port) = try withScratchFolder { folder in
            let (keyFile, certificate) = ("\(folder)/key.pem", "\(folder)/certificate.pem")
            let (made, nothing) = try spawn([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-keyout", keyFile, "-out", certificate,
            ])
            var status: Int32 = 0
            waitpid(made, &status, 0)
            close(nothing)
            try #require(status == 0)
            let pem = try Array(Data(contentsOf: URL(filePath: certificate)))
            try Data([[UInt8]](repeating: pem, count: chainLength).joined()).write(to: URL(filePath: certificate))
            let key = try Data(contentsOf: URL(filePath: keyFile)).withUnsafeBytes { Secret(copying: $0) }

            let (process, output) = try spawn(
                ["python3", "-c", Self.script, certificate, keyFile, newest]
                    + (client.map { [String(decoding: $0.pem, as: UTF8.self)] } ?? []))
            // Its port: it has read its files and listens.
            var text = ""
            var byte: UInt8 = 0
            while read(output, &byte, 1) == 1, byte != 0x0A { text.unicodeScalars.append(Unicode.Scalar(byte)) }
            close(output)
            return (pem, key, process, try #require(Int(text), "the server did not start"))
        }
        let base64 = String(decoding: pem, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
        der = try Array(#require(Data(base64Encoded: base64)))
    }

    /// Ends the server and waits for its end.
    func stop() {
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }
}

/// Starts a program with its arguments; answers its process and the end of its standard output.
private func spawn(_ arguments: [String]) throws -> (pid_t, Int32) {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
    var files = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&files)
    defer { posix_spawn_file_actions_destroy(&files) }
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&files, ends[1], 1)
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0)
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    var process: pid_t = 0
    let failed = posix_spawnp(&process, arguments[0], &files, nil, &argv, environ)
    close(ends[1])
    try #require(failed == 0)
    return (process, ends[0])
}
