/// Letters and digits of ASCII, by octet.
enum ASCII {
    static func isLetter(_ octet: UInt8) -> Bool { (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) }
    static func isDigit(_ octet: UInt8) -> Bool { (0x30...0x39).contains(octet) }
    static func isAlphanumeric(_ octet: UInt8) -> Bool { isLetter(octet) || isDigit(octet) }
}

/// The preferred name syntax of hosts (RFC 1034 §3.5, RFC 1123 §2.1), which RFC 5280 §4.2.1.6 asks of a dNSName.
enum HostName {
    /// - Parameter underscores: whether `_` may stand where a letter may, as resolvers allow and certificates do not.
    static func isValid(_ name: String, underscores: Bool = false) -> Bool {
        guard name.utf8.count <= 253 else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            let isInner: (UInt8) -> Bool = {
                ASCII.isAlphanumeric($0) || $0 == UInt8(ascii: "-") || underscores && $0 == UInt8(ascii: "_")
            }
            return (1...63).contains(label.count) && label.allSatisfy(isInner)
                && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        }
    }
}
