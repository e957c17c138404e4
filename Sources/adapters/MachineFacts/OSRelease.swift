/// os-release(5): which operating system this is.
struct OSRelease {
    private let values: [String: String]

    /// /etc/os-release, or /usr/lib/os-release where that is absent.
    init(_ files: SmallFiles) {
        let limit = 64 * 1024
        let text = files.text("/etc/os-release", limit: limit) ?? files.text("/usr/lib/os-release", limit: limit) ?? ""
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (String, String)? in
            let key = line.prefix { $0 != "=" }
            guard key.endIndex < line.endIndex, !key.hasPrefix("#") else { return nil }
            return (Answer.trimmed(key), Self.unquoted(Answer.trimmed(line[key.endIndex...].dropFirst())))
        }
        values = Dictionary(pairs) { $1 }
    }

    subscript(_ key: String) -> String? { values[key] }

    /// A value without the quotes of a shell, and without the backslashes that double quotes ask for.
    private static func unquoted(_ text: String) -> String {
        guard let quote = text.first, quote == "\"" || quote == "'", text.count >= 2, text.last == quote else {
            return text
        }
        let inner = text.dropFirst().dropLast()
        guard quote == "\"" else { return String(inner) }
        var value = ""
        var isEscaped = false
        for character in inner {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                value.append(character)
                isEscaped = false
            }
        }
        return value
    }
}
