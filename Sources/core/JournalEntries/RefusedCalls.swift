/// Refused calls on their way into the journal: the first at once, then at most one entry a minute, which counts the
/// others. Whoever calls in a loop cannot fill the journal.
package struct RefusedCalls: Sendable {
    private static let pause = Duration.seconds(60)

    private var quietUntil: Duration?
    /// Refused since the last entry.
    private var untold = 0
    private var last: JournalEntry?

    package init() {}

    /// A call was refused.
    ///
    /// - Parameters:
    ///   - entry: what there is to say about it.
    ///   - now: since some moment, on a clock that nobody sets.
    /// - Returns: the entry to write now, if any.
    package mutating func refused(_ entry: JournalEntry, at now: Duration) -> JournalEntry? {
        if let quietUntil, now < quietUntil {
            untold += 1
            last = entry
            return nil
        }
        quietUntil = now + Self.pause
        defer { untold = 0 }
        return untold == 0 ? entry : entry.adding("; \(untold) more were refused since the last such entry")
    }

    /// What has not been told yet, as the entry to write when the program ends; nil where there is nothing.
    package mutating func rest() -> JournalEntry? {
        guard untold > 0, let last else { return nil }
        defer { untold = 0 }
        return untold == 1 ? last : last.adding("; so were \(untold - 1) others since the last such entry")
    }
}

extension JournalEntry {
    fileprivate func adding(_ text: String) -> JournalEntry {
        JournalEntry(messageID: messageID, level: level, message: message + text, fields: fields)
    }
}
