/// IP addresses as octets of a subjectAltName: 4 or 16 (RFC 5280 §4.2.1.6).
enum InternetAddress {
    /// nil where the text is neither four decimals nor an IPv6 address of RFC 4291 §2.2; zones are refused.
    static func octets(_ text: String) -> [UInt8]? {
        text.contains(":") ? version6(text) : version4(text)
    }

    /// Four decimals without leading zeros, which some readers take for octal.
    private static func version4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part in
            part.utf8.allSatisfy(ASCII.isDigit) && (part.count == 1 || part.first != "0") ? UInt8(part) : nil
        }
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    /// Eight groups, of which one run may be left out as `::`, and the last two may be written as IPv4.
    private static func version6(_ text: String) -> [UInt8]? {
        guard text.utf8.count <= 45, let halves = halves(text) else { return nil }
        guard let tail = halves.tail else {
            let octets = groups(halves.head, isLast: true)
            return octets?.count == 16 ? octets : nil
        }
        guard let head = groups(halves.head, isLast: false), let end = groups(tail, isLast: true),
            head.count + end.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - end.count) + end
    }

    /// What stands before and after the only `::`; no tail where there is none.
    private static func halves(_ text: String) -> (head: Substring, tail: Substring?)? {
        var index = text.startIndex
        var found: (head: Substring, tail: Substring?)?
        while index < text.endIndex {
            if text[index...].hasPrefix("::") {
                guard found == nil else { return nil }
                found = (text[..<index], text[index...].dropFirst(2))
                index = text.index(index, offsetBy: 2)
            } else {
                index = text.index(after: index)
            }
        }
        return found ?? (text[...], nil)
    }

    private static func groups(_ text: Substring, isLast: Bool) -> [UInt8]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var octets: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, let version4 = version4(part) {
                octets += version4
            } else if (1...4).contains(part.utf8.count), part.utf8.allSatisfy(ASCII.isAlphanumeric),
                let group = UInt16(part, radix: 16)
            {
                octets += [UInt8(group >> 8), UInt8(group & 0xFF)]
            } else {
                return nil
            }
        }
        return octets
    }
}
