import ControlProtocol

/// How text is laid out: so wide, with colours or without.
struct Style {
    /// Columns.
    let width: Int
    let hasColours: Bool

    enum Colour: String {
        case good = "32"
        case warning = "33"
        case bad = "31"
        case strong = "1"
    }

    /// The text in a colour, where there are any.
    func paint(_ text: String, _ colour: Colour?) -> String {
        guard let colour, hasColours else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }

    /// Text as lines that fit, the first one behind `label`, all in one column from `indent`.
    ///
    /// - Parameter label: at the beginning of the first line; shorter than `indent`.
    func lines(_ text: String, label: String = "", indent: Int, colour: Colour? = nil) -> String {
        let room = max(width - indent, 20)
        let lines = text.split(whereSeparator: \.isNewline).flatMap { wrapped(printable(String($0)), to: room) }
        let margin = String(repeating: " ", count: indent)
        let padding = String(repeating: " ", count: max(indent - label.count, 0))
        return (paint(label, colour) + padding + lines.joined(separator: "\n" + margin)).trimmedAtEnd + "\n"
    }

    /// A problem: what, since when, and what to do.
    ///
    /// - Parameter indent: at least 10.
    func problem(_ problem: StatusDocument.Problem, indent: Int, now: Timestamp) -> String {
        lines(
            "\(problem.text) [\(problem.code)]", label: "  \(problem.severity.rawValue)", indent: indent,
            colour: problem.severity == .error ? .bad : .warning)
            + lines("since \(problem.since.both(now: now))", indent: indent)
            + lines("to do: \(problem.remedy)", indent: indent)
    }

    /// Breaks at spaces; a word that is longer than a line breaks anywhere.
    private func wrapped(_ text: String, to room: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            var word = word
            if !line.isEmpty, line.count + 1 + word.count <= room {
                line += " \(word)"
                continue
            }
            if !line.isEmpty { lines.append(line) }
            while word.count > room {
                lines.append(String(word.prefix(room)))
                word = word.dropFirst(room)
            }
            line = String(word)
        }
        return line.isEmpty ? lines : lines + [line]
    }
}

extension String {
    fileprivate var trimmedAtEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}
