import Faults

/// The HTTP proxy that leads to a server (RFC 9110 §7.6 and §9.3.6): it forwards http, and tunnels https by CONNECT.
package struct ProxySettings: Sendable, Equatable {
    /// `http://HOST:PORT`
    package var url: String
    /// The credential that holds `user:password`, for a proxy that asks.
    package var credential: String?

    package init(url: String, credential: String? = nil) {
        self.url = url
        self.credential = credential
    }

    /// Refuses all but `http://`, a host and a port: no port is every proxy's. Throws `.invalidProxy`.
    package static func check(url: String) throws(ProfileFault) {
        let authority = url.dropFirst("http://".utf8.count)
        let hasPort = authority.last != "]" && authority.dropFirst().contains(":")
        do throws(ProfileFault) { try ServerURL.check(url) } catch { throw fault(error.expected, error.got) }
        guard url.lowercased().hasPrefix("http://") else { throw fault("http:// first", "'\(url.prefix(64))'") }
        guard !authority.contains(where: { $0 == "/" || $0 == "?" }) else {
            throw fault("nothing behind the port", "'\(url.prefix(256))'")
        }
        guard hasPort else { throw fault("a port", "none") }
    }

    private static func fault(_ expected: String?, _ got: String?) -> ProfileFault {
        ProfileFault(.invalidProxy, attempted: "read a proxy's URL", expected: expected, got: got)
    }
}
