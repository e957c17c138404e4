import SCEP
import Secrets
import Testing

@Suite("A refusal that repeats the challenge") struct RepeatedChallengeTests {
    private func told(_ text: String?, of challenge: String) -> String? {
        let secret = Array(challenge.utf8).withUnsafeBytes { Secret(copying: $0) }
        guard case .refused(.badRequest, let told) = Verdict.refused(.badRequest, text: text).withholding(secret) else {
            return "another verdict"
        }
        return told
    }

    @Test(
        arguments: [
            "correct horse", "'correct horse' is not the one", "the one is not correct horse",
            // Cut at a limit, before the challenge's end or, with an old end of it, after its beginning.
            "the challenge is correct ho", "the challenge is correc", "ct horse was expected",
            // With what cannot be printed replaced.
            "correct\u{0} horse",
        ])
    func `is told without its text, if it repeats only a part`(text: String) {
        #expect(told(text, of: "correct horse")?.contains("withheld") == true)
    }

    @Test(arguments: ["", "the clerk said no", "horse", "that is not corre"])
    func `is told as it is where it does not repeat it`(text: String) {
        #expect(told(text, of: "correct horse") == text)
        #expect(told(text, of: "") == text)
    }

    @Test func `a short challenge is found as a whole`() {
        #expect(told("no 1234", of: "1234") != "no 1234")
        #expect(told("no 123", of: "1234") == "no 123")
    }

    @Test func `other verdicts and refusals without a text are left alone`() {
        #expect(told(nil, of: "correct horse") == nil)
        let secret = Array("pending".utf8).withUnsafeBytes { Secret(copying: $0) }
        #expect(Verdict.pending.withholding(secret) == .pending)
    }
}
