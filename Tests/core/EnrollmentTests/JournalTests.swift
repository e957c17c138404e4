import Enrollment
import JournalEntries
import SCEP
import TestCatalog
import Testing

/// A machine whose entries are kept.
private struct Logged {
    var machine: EnrollmentMachine
    var entries: [JournalEntry] = []

    init(_ machine: EnrollmentMachine = EnrollmentMachine()) { self.machine = machine }

    /// Hands an event over; what it brought to the journal.
    mutating func handle(_ event: EnrollmentEvent, at seconds: Double) -> [JournalEntry] {
        let old = machine
        let actions = machine.handle(event, now: EnrollmentTests.at(seconds))
        let new = machine.entries(for: event, after: old, actions: actions, profile: "office")
        entries += new
        return new
    }
}

@Suite("What the journal is told")
struct JournalTests {
    private let begun = JournalEvent.exchangeBegun.messageID
    private let ended = JournalEvent.exchangeEnded.messageID

    @Test func `an enrollment is a beginning, an end and a publication`() {
        var logged = Logged()
        _ = logged.handle(.started(latest: nil, hasPending: false), at: 0)
        _ = logged.handle(.prepared(id: "T1", challengeSent: true), at: 1)
        _ = logged.handle(.issued(.test()), at: 2)
        _ = logged.handle(.published(1), at: 3)
        #expect(logged.entries.map(\.messageID) == [begun, ended, JournalEvent.published.messageID])
        #expect(
            logged.entries.map(\.fields) == [
                [.profile: "office", .step: "preparing"],
                [.profile: "office", .step: "sent", .transaction: "T1", .generation: "1"],
                [.profile: "office", .generation: "1"],
            ])
    }

    @Test func `a failure is told once, and once that it is over`() throws {
        var logged = Logged()
        _ = logged.handle(.started(latest: nil, hasPending: false), at: 0)
        let first = logged.handle(.failed(.html), at: 1)
        #expect(first.map(\.messageID) == [ended, ProblemCode.notSCEP.messageID])
        #expect(first.first?.fields == [.profile: "office", .step: "preparing", .problem: "not-a-scep-server"])
        #expect(
            first.last?.fields == [
                .profile: "office", .problem: "not-a-scep-server", .remedy: ProblemCode.notSCEP.remedy,
            ])
        #expect(first.last?.level == .error)
        #expect(first.last?.message.contains(ProblemCode.notSCEP.remedy) == true)
        #expect(logged.handle(.ticked, at: day).map(\.messageID) == [begun])
        #expect(logged.handle(.failed(.html), at: day + 1).map(\.messageID) == [ended])
        _ = logged.handle(.ticked, at: 2 * day)
        _ = logged.handle(.prepared(id: "T2", challengeSent: true), at: 2 * day)
        let last = logged.handle(.issued(.test()), at: 2 * day)
        #expect(last.map(\.messageID) == [ended, JournalEvent.problemCleared.messageID])
        #expect(last.last?.fields[.problem] == "not-a-scep-server")
        #expect(last.last?.fields[.transaction] == "T2")
    }

    @Test func `other words for the same silence are no news, and for a refusal they are`() {
        for (code, isNews) in [(ProblemCode.unreachable, false), (.refused, true)] {
            let old = Problem(code, since: at(0), detail: "after 1 ms")
            let new = Problem(code, since: at(0), detail: "after 2 ms")
            #expect(JournalEntry.changes(from: [old], to: [new]).count == (isNews ? 1 : 0))
            #expect(JournalEntry.changes(from: [], to: [new]).map(\.messageID) == [code.messageID])
        }
    }

    @Test func `an order that is followed is told, and one that is not is not`() {
        var logged = Logged(EnrollmentMachine(.enrolled()))
        _ = logged.handle(.started(latest: .test(), hasPending: false), at: day)
        let taken = logged.handle(.ordered(.renew), at: day)
        #expect(taken.map(\.messageID) == [JournalEvent.orderTaken.messageID, begun])
        #expect(taken.first?.fields == [.profile: "office", .generation: "1"])
        #expect(logged.handle(.ordered(.enroll), at: day + 1).isEmpty)
    }

    @Test func `a request that nobody calls for any more ends its exchange`() {
        var logged = Logged(EnrollmentMachine(.enrolled()))
        _ = logged.handle(.started(latest: .test(), hasPending: false), at: 101 * day)
        // The clock was set back, and the identity is good again.
        let entries = logged.handle(.prepared(id: "T1", challengeSent: true), at: day)
        #expect(entries.map(\.messageID).first == ended)
        #expect(!logged.machine.isBusy)
    }

    /// As whoever reads the journal sees a machine: what is wrong, and whether an exchange runs.
    @Test func `the journal agrees with the state whatever happens`() throws {
        let catalog = try Catalog.shipped()
        for seed in 0..<100 {
            var walk = RandomWalk(seed: UInt64(seed))
            for _ in 0..<200 { walk.step() }
            #expect(walk.reader.mistakes.isEmpty, "seed \(seed): \(walk.reader.mistakes.prefix(3))")
            for (id, fields) in walk.reader.seen {
                #expect(catalog.unfilled(id, fields: fields.map(\.rawValue)) == [])
            }
        }
    }
}

/// Follows a machine by its entries alone.
struct JournalReader {
    private var problems: Set<String> = []
    private var isExchanging = false
    private(set) var mistakes: [String] = []
    /// The fields that every entry of a kind had.
    private(set) var seen: [String: Set<JournalField>] = [:]

    /// A new process begins: whoever reads knows that what ran does not run any more.
    mutating func restart() { isExchanging = false }

    mutating func read(_ entries: [JournalEntry], of machine: EnrollmentMachine, isExchanging: Bool) {
        for entry in entries {
            seen[entry.messageID, default: Set(entry.fields.keys)].formIntersection(entry.fields.keys)
            let problem = entry.fields[.problem] ?? ""
            switch entry.messageID {
            case JournalEvent.exchangeBegun.messageID:
                if self.isExchanging { mistakes.append("begun twice: \(entry)") }
                self.isExchanging = true
            case JournalEvent.exchangeEnded.messageID:
                if !self.isExchanging { mistakes.append("ended without a beginning: \(entry)") }
                self.isExchanging = false
            case JournalEvent.problemCleared.messageID:
                if problems.remove(problem) == nil { mistakes.append("cleared what was not raised: \(entry)") }
            case let id where ProblemCode(rawValue: problem)?.messageID == id: problems.insert(problem)
            default: break
            }
        }
        if self.isExchanging != isExchanging { mistakes.append("an exchange runs, or the reverse: \(entries)") }
        if problems != Set(machine.state.problems.map(\.code.rawValue)) {
            mistakes.append("other problems: \(entries)")
        }
    }
}
