/// The grammar of URIs (RFC 3986), as far as Signet writes and reads them.
enum URIText {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// unreserved (§2.3)
    private static func isUnreserved(_ octet: UInt8) -> Bool {
        ASCII.isAlphanumeric(octet) || "-._~".utf8.contains(octet)
    }

    /// What may stand in one segment of a path besides a percent-encoded octet (§3.3).
    private static func isSegment(_ octet: UInt8) -> Bool {
        isUnreserved(octet) || "!$&'()*+,;=:@".utf8.contains(octet)
    }

    /// A value percent-encoded (§2.1) so that it stays within one segment of a path.
    static func segment(_ value: String) -> String {
        var encoded: [UInt8] = []
        for octet in value.utf8 {
            if isSegment(octet) {
                encoded.append(octet)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(octet >> 4)], digits[Int(octet & 0x0F)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Whether every octet may stand in a URI, and each `%` is followed by two hexadecimal digits.
    static func hasOnlyAllowedOctets(_ text: some StringProtocol) -> Bool {
        let octets = Array(text.utf8)
        return octets.indices.allSatisfy { index in
            guard octets[index] == UInt8(ascii: "%") else {
                return isSegment(octets[index]) || "/?#[]".utf8.contains(octets[index])
            }
            let pair = octets[index...].dropFirst().prefix(2)
            return pair.count == 2
                && pair.allSatisfy { ASCII.isDigit($0) || (0x41...0x46).contains($0 & 0xDF) }
        }
    }

    /// Whether the text has a scheme (§3.1) and something after it, which RFC 5280 §4.2.1.6 asks of a name.
    static func isAbsolute(_ text: String) -> Bool {
        let scheme = text.prefix { $0 != ":" }
        guard let first = scheme.utf8.first, ASCII.isLetter(first), scheme.endIndex < text.endIndex,
            scheme.utf8.allSatisfy({ ASCII.isAlphanumeric($0) || "+-.".utf8.contains($0) })
        else { return false }
        let rest = text[scheme.endIndex...].dropFirst()
        return !rest.isEmpty && text.utf8.count <= 2048 && hasOnlyAllowedOctets(rest)
    }
}
