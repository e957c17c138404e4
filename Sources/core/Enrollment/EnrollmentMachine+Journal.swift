package import JournalEntries

/// What the journal is told of what a machine decided.
extension EnrollmentMachine {
    /// The entries of one event, in their order.
    ///
    /// - Parameters:
    ///   - old: the machine before the event; `self` is the one after it.
    ///   - actions: what the machine answered with.
    package func entries(
        for event: EnrollmentEvent, after old: EnrollmentMachine, actions: [EnrollmentAction], profile: String
    ) -> [JournalEntry] {
        var fields: [JournalField: String] = [.profile: profile]
        fields[.generation] = (state.identity ?? old.state.identity).map { "\($0.generation)" }
        var entries: [JournalEntry] = []
        switch event {
        case .ordered(let kind) where !actions.contains(.refuseOrder):
            entries.append(JournalEntry(.orderTaken, "\(profile): an admin ordered to \(kind.rawValue)", fields))
        case .published(let generation):
            fields[.generation] = "\(generation)"
            entries.append(JournalEntry(.published, "\(profile): generation \(generation) is published", fields))
        default: break
        }
        var problemFields = fields
        if let (text, problem) = outcome(of: event, after: old, actions: actions), let ended = old.state.transaction {
            problemFields[.transaction] = ended.id
            var about = ended.fields(fields)
            about[.problem] = problem?.rawValue
            entries.append(JournalEntry(.exchangeEnded, "\(profile): exchange ended: \(text)", about))
        }
        entries += JournalEntry.changes(from: old.state.problems, to: state.problems, problemFields)
        for case .prepare(let begun) in actions { entries.append(begun.beginning(profile, fields)) }
        for case .poll(let begun) in actions { entries.append(begun.beginning(profile, fields)) }
        return entries
    }

    /// How an exchange ended with this event, and the problem that it leaves; nil where none did.
    private func outcome(
        of event: EnrollmentEvent, after old: EnrollmentMachine, actions: [EnrollmentAction]
    ) -> (String, ProblemCode?)? {
        guard old.isExchanging else { return nil }
        switch event {
        case .issued: return ("a certificate", nil)
        case .replyPending: return ("the PKI has yet to decide", nil)
        case .refused:
            return ("the PKI refused", state.problems.first { ProblemCode.ofRequests.contains($0.code) }?.code)
        case .failed(let trouble): return ("no verdict", trouble.code)
        case .prepared where old.state.transaction?.step == .preparing && !actions.contains { $0.isSend }:
            return ("the request is not called for any more", nil)
        default: return nil
        }
    }
}

extension EnrollmentAction {
    fileprivate var isSend: Bool {
        if case .send = self { return true }
        return false
    }
}

extension Transaction {
    fileprivate func fields(_ known: [JournalField: String]) -> [JournalField: String] {
        var fields = known
        fields[.transaction] = id
        fields[.step] = step.rawValue
        return fields
    }

    fileprivate func beginning(_ profile: String, _ known: [JournalField: String]) -> JournalEntry {
        let aim = step == .preparing ? kind.rawValue : "ask after the request"
        return JournalEntry(.exchangeBegun, "\(profile): exchange begun: \(aim), attempt \(attempt)", fields(known))
    }
}
