import Testing

@testable import SystemdHost

@Suite struct JournalTests {
    @Test(arguments: ["MESSAGE_ID", "SIGNET_PROFILE", "A", "A1", String(repeating: "A", count: 64)])
    func `a field's name may be`(name: String) { #expect(Journal.isFieldName(name)) }

    @Test(arguments: ["", "_PID", "1A", "a", "A-B", "A=B", "A\nB", String(repeating: "A", count: 65)])
    func `a field's name may not be`(name: String) { #expect(!Journal.isFieldName(name)) }
}
