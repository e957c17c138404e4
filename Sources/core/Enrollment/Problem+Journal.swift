package import JournalEntries

extension JournalEntry {
    /// A problem that arises, under its own `MESSAGE_ID`.
    ///
    /// - Parameter fields: what it is about; problems of the device as a whole have no profile.
    package init(raised problem: Problem, _ fields: [JournalField: String] = [:]) {
        var fields = fields
        fields[.problem] = problem.code.rawValue
        fields[.remedy] = problem.code.remedy
        self.init(
            messageID: problem.code.messageID, level: problem.code.severity == .error ? .error : .warning,
            message: "\(Self.prefix(fields))\(problem.text); \(problem.code.remedy)", fields: fields)
    }

    /// A problem that is gone.
    package init(cleared code: ProblemCode, _ fields: [JournalField: String] = [:]) {
        var fields = fields
        fields[.problem] = code.rawValue
        self.init(.problemCleared, "\(Self.prefix(fields))no longer: \(code.sentence)", fields)
    }

    /// Each problem once when it arises, or says something else, and once when it is gone. What a server that does not
    /// answer is said to do differs with every try, by milliseconds, and is no news.
    package static func changes(
        from old: [Problem], to new: [Problem], _ fields: [JournalField: String] = [:]
    ) -> [JournalEntry] {
        let raised = new.filter { problem in
            guard let known = old.first(where: { $0.code == problem.code }) else { return true }
            return known.detail != problem.detail && problem.code != .unreachable
        }
        let cleared = old.filter { problem in !new.contains { $0.code == problem.code } }
        return raised.map { JournalEntry(raised: $0, fields) } + cleared.map { JournalEntry(cleared: $0.code, fields) }
    }

    private static func prefix(_ fields: [JournalField: String]) -> String {
        fields[.profile].map { "\($0): " } ?? ""
    }
}
