import ControlProtocol

/// Device tags with the checks behind them, for a person.
enum TagText {
    static func render(_ tags: [TagsReply.Entry], style: Style, now: Timestamp) -> String {
        tags.map { entry in
            head(entry, style, now) + entry.tag.checks.map { check($0, of: entry.tag, style) }.joined()
        }.joined(separator: "\n")
    }

    private static func head(_ entry: TagsReply.Entry, _ style: Style, _ now: Timestamp) -> String {
        let tag = entry.tag
        let value = style.paint(printable(tag.value), tag.isValid ? .good : .bad)
        let end = tag.validUntil.map { "\nuntil \($0.both(now: now))" } ?? ""
        return style.paint(printable(entry.profile), .strong) + ": \(value)\n"
            + style.lines("since \(tag.since.both(now: now))\(end)", label: " ", indent: 2)
    }

    /// `fail  key.match  The key …`: what does not decide about the tag is in parentheses.
    private static func check(_ check: StatusDocument.Check, of tag: StatusDocument.Tag, _ style: Style) -> String {
        let names = tag.checks.map { printable($0.id).count }.max() ?? 0
        let column = 13 + names
        let result = check.hard ? check.result.rawValue : "(\(check.result.rawValue))"
        let label = "  " + result.padded(to: 9) + printable(check.id)
        let text = style.lines(check.text, label: label, indent: column, colour: colour(check))
        guard let remedy = check.remedy else { return text }
        return text + style.lines("to do: \(remedy)", indent: column)
    }

    private static func colour(_ check: StatusDocument.Check) -> Style.Colour? {
        switch check.result {
        case .pass: .good
        case .fail, .unknown: check.hard ? .bad : .warning
        case .warn: .warning
        case .skip: nil
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(width - count, 0))
    }
}
