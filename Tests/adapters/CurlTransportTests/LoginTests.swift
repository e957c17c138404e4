import Secrets
import Testing

struct LoginTests {
    private func parts(_ text: String) -> [String]? {
        let login = Login(Array(text.utf8).withUnsafeBytes { Secret(copying: $0) })
        return login.map { [$0.user, $0.password].map { $0.withBytes { String(decoding: $0, as: UTF8.self) } } }
    }

    @Test func `the first colon ends the name`() {
        #expect(parts("user:password") == ["user", "password"])
        #expect(parts("PKI\\user:a:b%41") == ["PKI\\user", "a:b%41"])
        #expect(parts("user:") == ["user", ""])
    }

    @Test(arguments: ["", "user", ":password", "user:a\nb", "us\u{0}er:a", "user:\u{7F}"])
    func `what is none is not taken for one`(text: String) { #expect(parts(text) == nil) }
}
