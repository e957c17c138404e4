import ControlProtocol
import Enrollment
import FoundationEssentials
import JournalEntries
import Reports

extension Reporter {
    /// Takes over what came of sending one report.
    func conclude(_ answer: DeliveryAnswer, of entry: Outbox.Entry) -> DeliveryVerdict {
        let verdict = DeliveryVerdict(answer)
        guard var next = state else { return verdict }
        next.conclude(verdict, of: entry, fraction: fraction, now: now)
        logChanges(from: state?.troubles(now: now) ?? [], to: next.troubles(now: now))
        do {
            // Removed first: what is accepted twice is worse than a retry that is not remembered.
            if verdict == .accepted { try store.remove(entry.sequence) }
            if next != state { try store.save(next) }
            if case .dropped = verdict { try store.remove(entry.sequence) }
        } catch {
            note(error)
        }
        if case .kept = verdict {} else { outbox.remove(entry.sequence) }
        state = next
        return verdict
    }

    /// Each trouble is logged once when it arises and once when it is gone.
    private func logChanges(from old: [DeliveryTrouble], to new: [DeliveryTrouble]) {
        for trouble in new where !old.contains(where: { $0.kind == trouble.kind && $0.since == trouble.since }) {
            ports.log(JournalEntry(raised: Problem(trouble)))
        }
        for trouble in old where !new.contains(where: { $0.kind == trouble.kind }) {
            ports.log(JournalEntry(cleared: Problem(trouble).code))
        }
    }
}

extension Problem {
    init(_ trouble: DeliveryTrouble) {
        let code: ProblemCode =
            switch trouble.kind {
            case .unreachable: .endpointUnreachable
            case .failing: .endpointFailing
            case .refusesDevice: .endpointRefusesDevice
            case .noCredential: .endpointCredential
            case .refusedReport: .reportRefused
            }
        self.init(code, since: trouble.since.date, detail: trouble.detail)
    }
}
