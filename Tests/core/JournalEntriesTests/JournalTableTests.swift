import Enrollment
import JournalEntries
import Testing

@Suite("The tables of the journal's entries")
struct JournalTableTests {
    @Test func `each kind of entry has an id of its own`() {
        let ids = JournalEvent.allCases.map(\.messageID) + ProblemCode.allCases.map(\.messageID)
        #expect(Set(ids).count == ids.count)
        for id in ids {
            #expect(id.count == 32 && id.allSatisfy { "0123456789abcdef".contains($0) }, "\(id) is not 128 bits")
        }
    }

    /// journald drops an entry's field of any other name; those that begin with `_` are its own.
    @Test(arguments: JournalField.allCases)
    func `a field has a name that journald takes`(field: JournalField) {
        #expect(field.rawValue.wholeMatch(of: /SIGNET_[A-Z0-9_]{1,57}/) != nil)
    }
}
