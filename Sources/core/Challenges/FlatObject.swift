/// Reads one JSON object (RFC 8259) whose values are texts, numbers, true, false and null, without copying any of it: a
/// decoder would leave the challenge in memory that nobody wipes.
struct FlatObject {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    private init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Where the text of a member lies; nil where that is absent, no text, there twice, or written with escapes, and for
    /// what is no such object.
    static func string(_ name: String, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        var reader = FlatObject(bytes)
        return reader.member(name)
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

    /// The bytes between two quotes, without escapes and controls.
    private mutating func string() -> Range<Int>? {
        let before = position
        guard take("\"") else { return nil }
        let start = position
        while position < bytes.count, bytes[position] >= 0x20, bytes[position] != UInt8(ascii: "\\") {
            if bytes[position] == UInt8(ascii: "\"") {
                position += 1
                return start..<position - 1
            }
            position += 1
        }
        position = before
        return nil
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
