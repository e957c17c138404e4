import Faults

/// The rule for URLs that Signet calls: SCEP servers and revocation lists.
package enum ServerURL {
    /// Most bytes.
    package static let limit = 2048

    /// Refuses all but `http` or `https`, a host, an optional port, path and query (RFC 3986 §3).
    ///
    /// User information is refused because it would be a secret in a configuration file, and because readers disagree
    /// about where the host begins. Throws `.invalidURL`.
    package static func check(_ text: String) throws(ProfileFault) {
        guard text.utf8.count <= limit else { throw fault(text, "at most \(limit) bytes", "\(text.utf8.count)") }
        let scheme = text.prefix { $0 != ":" }
        guard ["http", "https"].contains(scheme.lowercased()), text[scheme.endIndex...].hasPrefix("://") else {
            throw fault(text, "http:// or https:// first", "'\(text.prefix(64))'")
        }
        let rest = text[scheme.endIndex...].dropFirst(3)
        guard URIText.hasOnlyAllowedOctets(rest) else {
            throw fault(text, "only characters that a URL may hold, others percent-encoded", "'\(text.prefix(256))'")
        }
        guard !rest.contains("#") else { throw fault(text, "no fragment", "'#'") }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !rest[authority.endIndex...].contains(where: { $0 == "[" || $0 == "]" }) else {
            throw fault(text, "brackets only around an IPv6 address", "'\(text.prefix(256))'")
        }
        guard !authority.contains("@") else {
            throw fault(text, "no user name or password in it", "'@' before the host")
        }
        try check(authority: authority, of: text)
    }

    /// The same for what only TLS may carry: secrets go there, or come from there. Throws `.invalidURL`.
    package static func check(secure text: String) throws(ProfileFault) {
        try check(text)
        guard text.prefix(while: { $0 != ":" }).lowercased() == "https" else {
            throw fault(text, "https:// first", "'\(text.prefix(64))'")
        }
    }

    private static func check(authority: Substring, of text: String) throws(ProfileFault) {
        var host = authority
        var port: Substring?
        let afterAddress = authority.lastIndex(of: "]").map { authority[$0...].dropFirst() } ?? authority
        if let colon = afterAddress.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[colon...].dropFirst()
        }
        guard !host.isEmpty else { throw fault(text, "a host", "none") }
        guard isHost(host) else { throw fault(text, "a host name or an IP address", "'\(host.prefix(256))'") }
        if let port {
            guard port.utf8.count <= 5, port.utf8.allSatisfy(ASCII.isDigit), let number = Int(port),
                (1...65535).contains(number)
            else { throw fault(text, "a port from 1 to 65535", "'\(port.prefix(16))'") }
        }
    }

    /// A last label of digits only is an IPv4 address to every resolver, so it must be a whole one.
    private static func isHost(_ host: Substring) -> Bool {
        if host.first == "[" {
            let address = host.dropFirst().dropLast()
            return host.last == "]" && address.contains(":") && InternetAddress.octets(String(address)) != nil
        }
        let isNumeric = host.split(separator: ".").last?.utf8.allSatisfy(ASCII.isDigit) ?? false
        return isNumeric
            ? InternetAddress.octets(String(host)) != nil : HostName.isValid(String(host), underscores: true)
    }

    private static func fault(_ text: String, _ expected: String, _ got: String) -> ProfileFault {
        ProfileFault(.invalidURL, attempted: "read the URL '\(text.prefix(256))'", expected: expected, got: got)
    }
}
