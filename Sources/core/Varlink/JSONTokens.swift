import Faults

/// Walks the structure of JSON text without reading its values, so that limits hold before anything is decoded.
///
/// It does not check grammar: whoever decodes the text afterwards does.
struct JSONTokens {
    /// How deep arrays and objects may be nested.
    static let depthLimit = 64

    enum Token: Equatable {
        /// `{` or `[`
        case open(UInt8)
        /// `}` or `]`
        case close(UInt8)
        /// A string, as the range of bytes between its quotes, and whether a backslash is among them.
        case string(Range<Int>, escaped: Bool)
        /// `:` or `,`
        case separator(UInt8)
        /// A number, `true`, `false` or `null`.
        case scalar
    }

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// How many arrays and objects are open.
    private(set) var depth = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Refuses text that is nested deeper than the limit, or whose brackets or quotes do not end.
    ///
    /// - Throws: `VarlinkFault`: `.nestedTooDeep`, `.malformedFrame`.
    static func check(_ bytes: UnsafeRawBufferPointer) throws {
        var tokens = JSONTokens(bytes)
        while try tokens.next() != nil {}
        guard tokens.depth == 0 else { throw JSONTokens.malformed("a bracket that is not closed") }
    }

    static func malformed(_ got: String) -> VarlinkFault {
        VarlinkFault(.malformedFrame, attempted: "read a Varlink message", expected: "a JSON object", got: got)
    }

    /// The next token; nil at the end.
    mutating func next() throws -> Token? {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            position += 1
            depth += 1
            guard depth <= JSONTokens.depthLimit else {
                throw VarlinkFault(
                    .nestedTooDeep, attempted: "read a Varlink message",
                    expected: "at most \(JSONTokens.depthLimit) levels")
            }
            return .open(byte)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            position += 1
            depth -= 1
            guard depth >= 0 else { throw JSONTokens.malformed("a bracket that was not opened") }
            return .close(byte)
        case UInt8(ascii: ":"), UInt8(ascii: ","):
            position += 1
            return .separator(byte)
        case UInt8(ascii: "\""):
            return try string()
        default:
            while position < bytes.count, !JSONTokens.endsScalar(bytes[position]) { position += 1 }
            return .scalar
        }
    }

    private mutating func string() throws -> Token {
        position += 1
        let start = position
        var escaped = false
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                escaped = true
                position += 1
            }
            position += 1
        }
        guard position < bytes.count else { throw JSONTokens.malformed("a string that does not end") }
        defer { position += 1 }
        return .string(start..<position, escaped: escaped)
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"),
            UInt8(ascii: ","), UInt8(ascii: "\""), 0x20, 0x09, 0x0A, 0x0D:
            true
        default: false
        }
    }
}
