import Challenges
import Faults
import Secrets
import Testing

struct EndpointAnswerTests {
    private func challenge(_ body: String, _ type: String? = "application/json", status: Int = 200) throws -> String {
        var bytes = Array(body.utf8)
        let answer = ChallengeAnswer(
            from: "https://a.example/challenge?key=hunter2", status: status, contentType: type,
            body: Secret(taking: &bytes), credential: nil)
        return try answer.endpointChallenge().withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func fault(_ body: String, _ type: String? = "application/json", status: Int = 200) throws -> ChallengeFault
    {
        try #require(throws: ChallengeFault.self) { try challenge(body, type, status: status) }
    }

    @Test(arguments: [
        #"{"challenge":"s3cret"}"#, " { \"challenge\" :\r\n\t\"s3cret\" } \n",
        #"{"expires_in":3600,"once":true,"x":null,"n":-1.5e+3,"note":"","challenge":"s3cret","by":"a}b{"}"#,
    ])
    func `of a JSON object it is the member of that name`(body: String) throws {
        #expect(try challenge(body) == "s3cret")
    }

    @Test func `escapes stand for what they escape, and in other members for nothing`() throws {
        #expect(try challenge(#"{"challenge":"a\/\u002Bb\u00FC\\\"\u20ac"}"#) == "a/+bü\\\"€")
        #expect(try challenge(#"{"url":"https:\/\/a\/\n\uD83D","challenge":"a"}"#) == "a")
    }

    @Test func `of text it is the one line`() throws {
        #expect(try challenge("s3cret: ü\r\n", "text/plain") == "s3cret: ü")
        #expect(try challenge(String(repeating: "x", count: 255), "text/plain").count == 255)
    }

    @Test(arguments: [
        "", "{", "{}", "null", #""s3cret""#, #"["s3cret"]"#, #"{"challenge":1}"#, #"{"challenge":{"value":"s3cret"}}"#,
        #"{"challenge":"s3cret""#, #"{"challenge":"s3cret"} x"#, #"{"challenge":"s3cret",}"#,
        #"{"challenge":"a","challenge":"b"}"#, #"{"challenge":1,"challenge":"b"}"#,
        #"{"a":["challenge"],"challenge":"b"}"#,
        #"{"challenge":"a\x"}"#, #"{"challenge":"a\u00"}"#, #"{"challenge":"a\u00g0"}"#,
        #"{"challenge":"a\uD83D\uDE00"}"#,
        #"{"challenge":"a\n"}"#, #"{"challenge":"a\"#, #"{"challenge":"a\"}"#, #"{"ch\u0061llenge":"a"}"#,
        "{\"challenge\":\"a\nb\"}", #"{"Challenge":"a"}"#,
        #"{"challenge":}"#, #"{"challenge" "a"}"#, #"{challenge:"a"}"#, "<html>{\"challenge\":\"a\"}</html>",
    ])
    func `what is not such an object gives none`(body: String) throws {
        #expect(try fault(body).code == .unexpectedAnswer)
    }

    @Test(arguments: ["", " \n", "a\nb", "a\u{0}b", "a\u{7F}", String(repeating: "x", count: 256)])
    func `what is no challenge is not taken for one`(body: String) throws {
        #expect(try fault(body, "text/plain").code == .unexpectedAnswer)
    }

    @Test(arguments: ["text/html", "application/xml", nil])
    func `another media type gives none`(type: String?) throws {
        #expect(try fault(#"{"challenge":"s3cret"}"#, type).code == .unexpectedAnswer)
    }

    @Test func `a fault says nothing of answer and query`() throws {
        for fault in [
            try fault("s3cret\nhunter2", "text/plain"), try fault("s3cret", "s3/cret-type"),
            try fault(#"{"challenge":"s3cret"}"#, status: 401), try fault(#"{"challenge":"s3cret"}"#, status: 302),
        ] {
            #expect(fault.description.hasPrefix("fetch a challenge from 'https://a.example/challenge': "))
            #expect(!fault.description.contains("s3cret") && !fault.description.contains("hunter2"))
        }
    }

    @Test func `cut anywhere it is the whole challenge or none`() {
        let body = #"{"a":1,"challenge":"s3cret"}"#
        for end in body.indices { #expect((try? challenge(String(body[..<end]))) == nil) }
    }
}
