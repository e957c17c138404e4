import Secrets

/// Reads one JSON object (RFC 8259) whose values are texts, numbers, true, false and null, and copies nothing of it but to
/// where it is wiped: a decoder would leave the challenge in memory that stays.
struct FlatObject {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The text of a member; nil where that is absent, no text or there twice, and for what is no such object. A name that
    /// is written with escapes is another.
    static func string(_ name: String, in bytes: UnsafeRawBufferPointer) -> Secret? {
        var reader = FlatObject(bytes)
        return reader.member(name).flatMap(reader.text)
    }

    private mutating func member(_ name: String) -> Range<Int>? {
        guard take("{") else { return nil }
        var found: Range<Int>?
        repeat {
            guard let key = string(), take(":") else { return nil }
            let isIt = bytes[key].elementsEqual(name.utf8)
            guard !isIt || found == nil else { return nil }
            if let value = string() {
                if isIt { found = value }
            } else {
                guard !isIt, skipScalar() else { return nil }
            }
        } while take(",")
        guard take("}") else { return nil }
        skipSpace()
        return position == bytes.count ? found : nil
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    /// The bytes between two quotes, escapes and all.
    private mutating func string() -> Range<Int>? {
        let before = position
        guard take("\"") else { return nil }
        let start = position
        while position < bytes.count, bytes[position] >= 0x20 {
            if bytes[position] == UInt8(ascii: "\"") {
                position += 1
                return start..<position - 1
            }
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position = before
        return nil
    }

    /// What those bytes stand for (RFC 8259 §7).
    private func text(_ range: Range<Int>) -> Secret? {
        var rest = UnsafeRawBufferPointer(rebasing: bytes[range])[...]
        // No escape is shorter than what it stands for.
        let text = Secret(capacity: range.count) { target in
            var count = 0
            while let octet = rest.popFirst() {
                guard octet == UInt8(ascii: "\\") else {
                    target[count] = octet
                    count += 1
                    continue
                }
                guard let scalar = Self.escaped(&rest) else {
                    rest = bytes[...]
                    break
                }
                for octet in UTF8.encode(scalar) ?? .init() {
                    target[count] = octet
                    count += 1
                }
            }
            return count
        }
        return rest.isEmpty ? text : nil
    }

    /// Takes what follows a backslash. Half a pair of surrogates stands for nothing.
    private static func escaped(_ rest: inout Slice<UnsafeRawBufferPointer>) -> Unicode.Scalar? {
        switch rest.popFirst() {
        case UInt8(ascii: "\"")?: return "\""
        case UInt8(ascii: "\\")?: return "\\"
        case UInt8(ascii: "/")?: return "/"
        case UInt8(ascii: "u")?:
            guard rest.count >= 4 else { return nil }
            defer { rest.removeFirst(4) }
            return rest.prefix(4).reduce(UInt32?(0)) { value, digit in
                guard let value, let nibble = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
                return value << 4 | UInt32(nibble)
            }.flatMap(Unicode.Scalar.init)
        // Those of control characters stand in no challenge.
        default: return nil
        }
    }

    private mutating func skipScalar() -> Bool {
        skipSpace()
        let start = position
        while position < bytes.count, isOfScalar(bytes[position]) { position += 1 }
        return position > start
    }

    private func isOfScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "E"): true
        default: "+-.".utf8.contains(byte)
        }
    }
}
