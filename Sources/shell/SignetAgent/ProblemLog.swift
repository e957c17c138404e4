import Enrollment
import JournalEntries

extension AgentPorts {
    /// Logs a problem of a part of the agent, once when it arises and once when it is gone. What it says may differ with
    /// every try, and is no news.
    func log(from old: Problem?, to new: Problem?, _ fields: [JournalField: String] = [:]) {
        guard old?.code != new?.code else { return }
        for entry in JournalEntry.changes(from: old.map { [$0] } ?? [], to: new.map { [$0] } ?? [], fields) {
            log(entry)
        }
    }

    /// Logs what failed and changes nothing.
    func log(ignored message: String, _ fields: [JournalField: String] = [:]) {
        log(JournalEntry(.failureIgnored, "\(message), ignoring", fields))
    }
}
