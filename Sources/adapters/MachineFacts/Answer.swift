/// What a machine answers when asked for a fact: a value, or something that stands for none.
enum Answer {
    /// What vendors leave where a value belongs, in lower case, letters and digits only.
    private static let placeholders: Set<String> = [
        "", "none", "na", "null", "nil", "unknown", "undefined", "invalid", "empty", "default", "defaultstring", "oem",
        "tobefilledbyoem", "tobefilledbyvendor", "tobefilled", "filledbyoem", "notspecified", "notapplicable",
        "notavailable", "notsettable", "notset", "notdefined", "notprovided", "systemserialnumber", "serialnumber",
        "chassisserialnumber", "baseboardserialnumber", "productserial", "sn", "nosn", "0123456789", "123456789",
        "1234567890", "12345678",
        // A UUID that many boards share, counting upward in its bytes.
        "03000200040005000006000700080009",
    ]

    /// The value without white space around it; nil where nothing is left, where it is longer than 256 bytes, or holds
    /// a control character, which no name takes.
    static func text(_ text: String?) -> String? {
        guard let text else { return nil }
        let value = trimmed(text[...])
        let isPlain = value.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        return !value.isEmpty && value.utf8.count <= 256 && isPlain ? value : nil
    }

    /// The same for what firmware answers; nil for placeholders, and for one sign over and over ("0", "FFFF…").
    static func firmware(_ text: String?) -> String? {
        guard let value = Self.text(text) else { return nil }
        let core = value.lowercased().filter { $0.isLetter || $0.isNumber }
        return placeholders.contains(core) || Set(core).count == 1 ? nil : value
    }

    /// The same for a host's name; nil for what a machine is called that nobody has named.
    static func hostname(_ text: String?) -> String? {
        guard let value = Self.text(text) else { return nil }
        return ["localhost", "localhost.localdomain", "(none)"].contains(value.lowercased()) ? nil : value
    }

    static func trimmed(_ text: Substring) -> String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace || $0 == "\0" }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }
}
