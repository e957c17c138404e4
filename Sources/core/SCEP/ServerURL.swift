import Faults
import FoundationEssentials
import X509

/// A server's SCEP URL as configured, and the request targets made from it (RFC 8894 §4.1). The path is taken
/// verbatim; query parameters that stand in it are kept.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Throws `.badURL` for anything but http and https, and for what has a login in it, which every message would show.
    package init(_ text: String) throws(SCEPFault) {
        let lower = text.lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else {
            throw SCEPFault(.badURL, attempted: "read the SCEP URL", expected: "an http or https URL", got: "'\(text)'")
        }
        let withoutFragment = text.prefix { $0 != "#" }
        let afterScheme = withoutFragment.drop { $0 != ":" }.dropFirst(3)
        guard !afterScheme.prefix(while: { !"/?".contains($0) }).contains("@") else {
            throw SCEPFault(
                .badURL, attempted: "read the SCEP URL", expected: "no user name or password in it",
                got: "'@' before the host")
        }
        guard let first = afterScheme.first, !"/?:".contains(first),
            withoutFragment.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw SCEPFault(
                .badURL, attempted: "read the SCEP URL", expected: "a host, and no spaces or controls",
                got: "'\(text)'")
        }
        description = String(withoutFragment)
    }

    package var isHTTPS: Bool { description.lowercased().hasPrefix("https://") }

    /// A request for what the CA says of itself; `identifier` names one of several, as drafts had it.
    func target(_ operation: String, identifier: String?) -> String {
        let escaped = identifier.map { $0.utf8.map(Self.escaped).joined() }
        return target(operation) + (escaped.map { "&message=\($0)" } ?? "")
    }

    /// RFC 3986 §2.3.
    private static func escaped(_ octet: UInt8) -> String {
        switch octet {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F, 0x7E: String(UnicodeScalar(octet))
        default: "%" + Hexadecimal.string([octet])
        }
    }

    /// `?operation=OPERATION`, and for a message sent by GET `&message=BASE64`: standard alphabet, no line breaks,
    /// and `+`, `/`, `=` percent-escaped, since servers read a bare `+` as a space.
    func target(_ operation: String, message: [UInt8]? = nil) -> String {
        var text = description
        text += text.contains("?") ? (text.hasSuffix("?") || text.hasSuffix("&") ? "" : "&") : "?"
        text += "operation=\(operation)"
        if let message { text += "&message=\(Self.escapedBase64(message))" }
        return text
    }

    private static func escapedBase64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for character in Data(bytes).base64EncodedData() {
            switch character {
            case UInt8(ascii: "+"): text += "%2B".utf8
            case UInt8(ascii: "/"): text += "%2F".utf8
            case UInt8(ascii: "="): text += "%3D".utf8
            default: text.append(character)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
