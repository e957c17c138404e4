import Faults
import FoundationEssentials

/// A server's SCEP URL as configured, and the request targets made from it (RFC 8894 §4.1). The path is taken
/// verbatim; query parameters that stand in it are kept.
package struct ServerURL: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// Throws `.badURL` for anything but http and https.
    package init(_ text: String) throws(SCEPFault) {
        let lower = text.lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else {
            throw SCEPFault(.badURL, attempted: "read the SCEP URL", expected: "an http or https URL", got: "'\(text)'")
        }
        let withoutFragment = text.prefix { $0 != "#" }
        let afterScheme = withoutFragment.drop { $0 != ":" }.dropFirst(3)
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
