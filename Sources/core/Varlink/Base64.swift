import Secrets

/// Base64 (RFC 4648 §4) from one secret to another: a library's would leave copies that nobody wipes.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// How many characters `count` bytes become, with padding.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    /// Writes the characters to the start of `target`, which holds at least `encodedCount` bytes.
    ///
    /// - Returns: how many it wrote.
    package static func encode(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        for start in stride(from: 0, to: source.count, by: 3) {
            let have = min(3, source.count - start)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < have ? UInt32(source[start + offset]) : 0) }
            for offset in 0..<4 {
                target[written] =
                    offset <= have ? alphabet[Int(group >> UInt32(18 - 6 * offset) & 63)] : UInt8(ascii: "=")
                written += 1
            }
        }
        return written
    }

    /// Decodes padded text. A slash may be written `\/`, as some writers of JSON do.
    ///
    /// - Throws: `VarlinkFault.malformedFrame`.
    static func decode(_ source: UnsafeRawBufferPointer) throws -> Secret {
        try Secret(capacity: source.count / 4 * 3 + 3) { target in
            var written = 0
            var group: UInt32 = 0
            var digits = 0
            var padding = 0
            var index = 0
            while index < source.count {
                if source[index] == UInt8(ascii: "\\"), index + 1 < source.count, source[index + 1] == UInt8(ascii: "/")
                {
                    index += 1
                }
                let byte = source[index]
                index += 1
                if byte == UInt8(ascii: "=") {
                    padding += 1
                    group <<= 6
                } else if padding == 0, let value = value(of: byte) {
                    group = group << 6 | value
                } else {
                    throw JSONTokens.malformed("a parameter that is not base64")
                }
                digits += 1
                guard digits == 4 else { continue }
                guard padding <= 2 else { throw JSONTokens.malformed("a parameter that is not base64") }
                for offset in 0..<(3 - padding) {
                    target[written] = UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * offset))
                    written += 1
                }
                group = 0
                digits = 0
            }
            guard digits == 0 else { throw JSONTokens.malformed("a parameter that is not base64") }
            return written
        }
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
