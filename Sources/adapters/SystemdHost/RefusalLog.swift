package import JournalEntries
import Synchronization

/// Tells the journal of callers who were refused, however many there are. Safe to use from any task.
package final class RefusalLog: Sendable {
    private let journal: Journal
    private let begin = ContinuousClock.now
    private let calls = Mutex(RefusedCalls())

    package init(_ journal: Journal) { self.journal = journal }

    /// Somebody was refused.
    package func note(_ entry: JournalEntry) {
        if let due = calls.withLock({ $0.refused(entry, at: ContinuousClock.now - begin) }) { journal.log(due) }
    }

    /// Tells what was held back; for the end of the program.
    package func end() {
        if let rest = calls.withLock({ $0.rest() }) { journal.log(rest) }
    }
}
