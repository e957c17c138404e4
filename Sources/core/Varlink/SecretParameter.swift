package import Secrets

extension Frame {
    /// Takes a parameter's value (base64 text) out of the message before anything decodes it, and leaves `""` there.
    ///
    /// Member names that a decoder could read in another way than this does are refused: ones with escapes, and a
    /// second `parameters` or a second `name`.
    ///
    /// - Returns: the decoded bytes; nil where the message has no such parameter, or it is no string.
    /// - Throws: `VarlinkFault`: `.malformedFrame`, `.nestedTooDeep`. The message must not be decoded then.
    package func takeSecret(parameter name: String) throws -> Secret? {
        let range = try withBytes { try SecretParameter.find(name, in: $0) }
        guard let range else { return nil }
        let secret = try withBytes { try Base64.decode(UnsafeRawBufferPointer(rebasing: $0[range])) }
        remove(range)
        return secret
    }
}

/// Finds the bytes of `parameters.NAME` in a call.
private enum SecretParameter {
    static func find(_ name: String, in bytes: UnsafeRawBufferPointer) throws -> Range<Int>? {
        var tokens = JSONTokens(bytes)
        var found: Range<Int>?
        var isInParameters = false
        var sawParameters = false
        var sawName = false
        // The member whose value comes next, at the two depths that matter.
        var member: Range<Int>?
        var expectsName = false
        // What is open, outermost first: only objects have members.
        var open: [UInt8] = []
        while let token = try tokens.next() {
            switch token {
            case .open(let bracket):
                open.append(bracket)
                if open.count == 2 {
                    isInParameters =
                        bracket == UInt8(ascii: "{") && member.map { matches("parameters", bytes[$0]) } ?? false
                }
                member = nil
                expectsName = bracket == UInt8(ascii: "{")
            case .close:
                open.removeLast()
                if open.count < 2 { isInParameters = false }
                member = nil
                expectsName = false
            case .separator(let mark):
                guard mark == UInt8(ascii: ",") else { continue }
                member = nil
                expectsName = open.last == UInt8(ascii: "{")
            case .string(let range, let escaped) where expectsName:
                expectsName = false
                guard open.count == 1 || (open.count == 2 && isInParameters) else { continue }
                guard !escaped else { throw JSONTokens.malformed("a member name with escapes") }
                member = range
                if open.count == 1, matches("parameters", bytes[range]) {
                    guard !sawParameters else { throw JSONTokens.malformed("'parameters' twice") }
                    sawParameters = true
                }
                if isInParameters, open.count == 2, matches(name, bytes[range]) {
                    guard !sawName else { throw JSONTokens.malformed("'\(name)' twice") }
                    sawName = true
                }
            case .string(let range, _):
                if isInParameters, open.count == 2, member.map({ matches(name, bytes[$0]) }) ?? false {
                    found = range
                }
                member = nil
            case .scalar:
                member = nil
            }
        }
        guard open.isEmpty else { throw JSONTokens.malformed("a bracket that is not closed") }
        return found
    }

    private static func matches(_ name: String, _ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        bytes.elementsEqual(name.utf8)
    }
}
