import Faults
import FoundationEssentials
import SCEP
import Testing

@Suite struct ServerURLTests {
    /// The target of GetCACaps.
    private func target(_ url: String, ca identifier: String? = nil) async throws -> String? {
        let transport = ScriptedTransport(.answer(404))
        let exchange = SCEPExchange(
            server: try ServerURL(url), transport: transport, cryptography: NoCryptography(),
            policy: ServerPolicy(caFingerprints: [], caIdentifier: identifier))
        _ = try? await exchange.discover(now: .distantPast)
        return transport.requests.first?.url
    }

    @Test func `The path is taken as it is, and a query is kept`() async throws {
        #expect(try await target("https://a.example/scep") == "https://a.example/scep?operation=GetCACaps")
        #expect(
            try await target("http://a.example/a/pkiclient.exe")
                == "http://a.example/a/pkiclient.exe?operation=GetCACaps")
        #expect(
            try await target("https://a.example/s?p=1&q=%20") == "https://a.example/s?p=1&q=%20&operation=GetCACaps")
        #expect(try await target("https://a.example/s?") == "https://a.example/s?operation=GetCACaps")
        #expect(try await target("https://a.example/s?p=1&") == "https://a.example/s?p=1&operation=GetCACaps")
        #expect(try await target("https://a.example/s#part") == "https://a.example/s?operation=GetCACaps")
        #expect(try await target("HTTPS://[::1]:8443") == "HTTPS://[::1]:8443?operation=GetCACaps")
    }

    @Test func `A CA's identifier goes along, escaped`() async throws {
        #expect(
            try await target("https://a.example/s?p=1", ca: "Root CA/2+x")
                == "https://a.example/s?p=1&operation=GetCACaps&message=Root%20CA%2F2%2Bx")
    }

    @Test(arguments: ["https://user:hunter2@a.example/", "http://hunter2@a.example", "http://hunter2@a b?x=@"])
    func `A login in it is refused, and not repeated`(url: String) throws {
        let fault = try #require(throws: SCEPFault.self) { try ServerURL(url) }
        #expect(fault.code == .badURL && !"\(fault)".contains("hunter2"))
        #expect(throws: Never.self) { try ServerURL("http://a.example/x@y?z=@") }
    }

    @Test(arguments: [
        "", "ftp://a.example/", "file:///etc/passwd", "a.example/scep", "https://", "http:///scep", "https://?a",
        "https://a.example/a b", "https://a.example/\r\nHost: b", "https://ä.example/",
    ])
    func `Anything else is refused`(url: String) {
        #expect { try ServerURL(url) } throws: { ($0 as? SCEPFault)?.code == .badURL }
    }
}
