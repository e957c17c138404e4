import Enrollment
import FoundationEssentials
import Testing

@testable import SignetAgent

@Suite("state.json")
struct StateDocumentTests {
    @Test func `what a newer version wrote is kept`() throws {
        let written = #"{"version":1,"isChallengeSpent":true,"quarantine":{"until":"tomorrow"}}"#
        var document = try StateDocument(json: Array(written.utf8))
        #expect(document.state.isChallengeSpent)
        document.state.isChallengeSpent = false
        let again = try StateDocument(json: try document.json())
        #expect(!again.state.isChallengeSpent)
        #expect(String(decoding: try again.json(), as: UTF8.self).contains(#""until" : "tomorrow""#))
    }

    @Test func `what is gone does not come back from the file`() throws {
        var state = EnrollmentState()
        state.retry = Retry(at: Date(timeIntervalSince1970: 1000), count: 3, sort: .overloaded(retryAfter: 60))
        var document = try StateDocument(json: try StateDocument(state: state).json())
        #expect(document.state == state)
        document.state.retry = nil
        #expect(try StateDocument(json: try document.json()).state.retry == nil)
    }

    @Test func `a file of a newer program is told from a damaged one`() {
        #expect(throws: NewerVersion.self) { try StateDocument(json: Array(#"{"version":2,"identity":"?"}"#.utf8)) }
    }

    @Test(arguments: ["", "{}", "[]", #"{"version":0}"#, #"{"version":1,"problems":7}"#])
    func `a file that is no state file is refused, not taken for an empty one`(_ text: String) {
        #expect(throws: DecodingError.self) { try StateDocument(json: Array(text.utf8)) }
    }
}
