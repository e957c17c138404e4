import Enrollment
import Testing

@Suite struct ProblemTests {
    @Test(arguments: ProblemCode.allCases)
    func `Each has a sentence that can be built upon and a remedy`(code: ProblemCode) throws {
        for text in [code.sentence, code.remedy] {
            let first = try #require(text.first)
            #expect(first.isLowercase)
            #expect(text.last?.isPunctuation == false || text.last == "\"" || text.last == "'" || text.last == "]")
            #expect(text.allSatisfy { !$0.isNewline })
            #expect(!text.contains("  "))
        }
        #expect(code.sentence != code.remedy)
        #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
        #expect([.warning, .error].contains(code.severity))
    }

    @Test func `Raw values and sentences are unique`() {
        #expect(Set(ProblemCode.allCases.map(\.rawValue)).count == ProblemCode.allCases.count)
        #expect(Set(ProblemCode.allCases.map(\.sentence)).count == ProblemCode.allCases.count)
    }

    @Test func `What does not cost the identity is a warning`() {
        let warnings = ProblemCode.allCases.filter { $0.severity == .warning }
        #expect(
            warnings == [
                .overloaded, .raChanged, .capabilitiesLost, .nextCANotPinned, .weakServer, .expiresSooner,
                .publicationAltered,
                .notWithdrawn,
                .stateRebuilt,
                .endpointUnreachable, .endpointFailing, .endpointRefusesDevice, .endpointCredential, .reportRefused,
                .reportsNotKept,
            ])
    }

    @Test func `Who puts a missing challenge in place needs no order`() {
        // A new credential starts the agent, which tries at once; anything else is tried again by itself.
        let remedy = ProblemCode.challengeUnavailable.remedy
        #expect(remedy.contains("a credential is noticed by itself"))
        #expect(remedy.contains("anything else within the hour"))
        #expect(!remedy.contains("then run"))
    }

    @Test func `An endpoint at another address is thought of where a report is refused`() {
        // 404 to everything is no fault of the report's.
        #expect(ProblemCode.reportRefused.remedy.contains("check management.endpoint"))
    }

    @Test func `The text names the detail, where there is one`() {
        #expect(Problem(.expired, since: at(0), detail: "").text == "the certificate has expired")
        #expect(Problem(.expired, since: at(0), detail: "x").text == "the certificate has expired: x")
    }
}
