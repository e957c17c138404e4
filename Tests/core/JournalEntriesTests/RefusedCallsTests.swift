import JournalEntries
import Testing

@Suite("Refused calls in the journal")
struct RefusedCallsTests {
    private func entry(_ process: Int) -> JournalEntry {
        JournalEntry(.orderRefused, "refused process \(process)", [.callerProcess: "\(process)"])
    }

    @Test func `the first is told at once, and one is told as it is`() {
        var calls = RefusedCalls()
        #expect(calls.refused(entry(1), at: .zero) == entry(1))
        #expect(calls.rest() == nil)
        #expect(calls.refused(entry(2), at: .seconds(60)) == entry(2))
    }

    @Test func `a flood makes one entry a minute, which counts the others`() {
        var calls = RefusedCalls()
        var told: [String] = []
        for number in 0..<2500 {
            let entry = calls.refused(entry(number), at: .milliseconds(50 * number))
            if let entry { told.append(entry.message) }
        }
        #expect(
            told == [
                "refused process 0", "refused process 1200; 1199 more were refused since the last such entry",
                "refused process 2400; 1199 more were refused since the last such entry",
            ])
        let rest = calls.rest()
        #expect(rest?.message == "refused process 2499; so were 98 others since the last such entry")
        #expect(rest?.fields == [.callerProcess: "2499"])
        #expect(calls.rest() == nil)
    }

    @Test func `a single one that was held back is told at the end`() {
        var calls = RefusedCalls()
        _ = calls.refused(entry(1), at: .zero)
        #expect(calls.refused(entry(2), at: .zero) == nil)
        #expect(calls.rest() == entry(2))
    }
}
