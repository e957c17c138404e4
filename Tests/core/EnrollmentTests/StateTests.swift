import Enrollment
import FoundationEssentials
import Testing

@Suite struct StateTests {
    @Test func `All of the state outlives the process`() throws {
        let state = EnrollmentState.test {
            $0.identity = IdentityFacts(generation: 3, notBefore: at(0), notAfter: at(9), isSignOnly: true)
            $0.next = IdentityFacts(generation: 4, notBefore: at(8), notAfter: at(20), usedFrom: at(9))
            $0.replaced = IdentityFacts(generation: 2, notBefore: at(0), notAfter: at(9))
            $0.obtainedAt = at(1)
            $0.published = 2
            $0.transaction = .test(.renew, .signedPKCSReq, step: .pending) {
                $0.id = "T"
                $0.challengeSent = true
                $0.isOrdered = true
                $0.isRecovering = true
                $0.unanswered = 1
                $0.keyIsSpent = true
                $0.pendingSince = at(2)
                $0.polls = 4
                $0.pollAt = at(3)
                $0.succession = .refused
                $0.attempt = 5
            }
            $0.retry = Retry(at: at(4), count: 2, sort: .overloaded(retryAfter: 7))
            $0.publishRetry = Retry(at: at(5), count: 1, sort: .local)
            $0.remembered = [firstServer: .challenge]
            $0.authorities = [firstServer: ["a", "b"]]
            $0.problems = [Problem(.weakServer, since: at(6), detail: "d")]
            $0.isRevoked = true
            $0.isChallengeSpent = true
            $0.foreignGeneration = 1
            $0.outdatedGeneration = 2
            $0.profileDigest = "p"
            $0.filesDigest = "f"
            $0.tag = TagMemory(value: "none", since: at(7))
        }
        #expect(try state.afterRestart() == state)
        let fields = try JSONDecoder().decode([String: AnyField].self, from: try JSONEncoder().encode(state))
        #expect(Set(fields.keys) == EnrollmentState.fieldNames)
    }

    @Test func `The first version's file is read, with defaults for what it lacks`() throws {
        let old = Data(#"{"version":1,"identity":{"generation":1,"notBefore":0,"notAfter":9},"newer":{"a":[1]}}"#.utf8)
        let state = try JSONDecoder().decode(EnrollmentState.self, from: old)
        #expect(state.identity?.generation == 1)
        #expect(state.identity?.isSignOnly == false)
        #expect(state.problems.isEmpty)
        #expect(!state.isChallengeSpent)
    }

    @Test(arguments: [#"{}"#, #"{"version":2}"#, #"{"version":0}"#, #"[]"#, ""])
    func `A file that is none of ours, or too new, is refused`(text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(EnrollmentState.self, from: Data(text.utf8))
        }
    }
}

/// A value of which only the presence counts.
private struct AnyField: Decodable {
    init(from decoder: any Decoder) {}
}
