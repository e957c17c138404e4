import Challenges
import Faults
import Secrets
import Testing

struct NDESPageTests {
    private static let password = "A1B2C3D4E5F60718"

    /// NDES's page as Windows sends it: the thumbprint in groups, then the password.
    private static func page(_ bold: String = " \(password) ", _ more: String = "") -> String {
        "<HTML><Head><Title>NDES</Title></Head><Body><P> thumbprint: <B> E79F8AD3 73F7D8E0 1C2B3A49 5F607182 </B> <P> "
            + "The enrollment challenge password is: <B>\(bold)</B> <P> \(more)</Body></HTML>"
    }

    private func challenge(_ body: [UInt8], status: Int = 200) throws -> String {
        var body = body
        let answer = ChallengeAnswer(
            from: "https://pki.example/certsrv/mscep_admin/?a", status: status, contentType: "text/html",
            body: Secret(taking: &body), credential: "ndes-login")
        #expect(body.isEmpty)
        return try answer.ndesChallenge().withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func challenge(_ page: String) throws -> String { try challenge(Array(page.utf8)) }

    private func code(_ body: [UInt8], status: Int = 200) -> ChallengeFaultCode? {
        do {
            _ = try challenge(body, status: status)
            return nil
        } catch {
            return (error as? ChallengeFault)?.code
        }
    }

    private func wide(_ text: String) -> [UInt8] {
        text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
    }

    @Test func `the password is read from UTF-8 and UTF-16, with a mark and without`() throws {
        #expect(try challenge(Self.page()) == Self.password)
        #expect(try challenge([0xEF, 0xBB, 0xBF] + Array(Self.page().utf8)) == Self.password)
        #expect(try challenge(wide(Self.page())) == Self.password)
        #expect(try challenge([0xFF, 0xFE] + wide(Self.page())) == Self.password)
        // A last byte without its other half.
        #expect(try challenge(wide(Self.page()) + [0x41]) == Self.password)
    }

    @Test(arguments: [
        page("\r\n\(password)\t"), page(password).lowercased(), page("\(password) ", "<B> Kennwörter: 5 </B>"),
        page().replacing("The enrollment challenge password is:", with: "Das Kennwort für die Anfrage ist:"),
        page().replacing("E79F8AD3 73F7D8E0 1C2B3A49 5F607182", with: "thumbprint unavailable"),
        // The same once more is one.
        page() + page(),
    ])
    func `the page may be in any language, case and spacing`(page: String) throws {
        #expect(try challenge(page).uppercased() == Self.password)
    }

    @Test(arguments: [
        ("", ChallengeFaultCode.unexpectedAnswer), ("<B>", .unexpectedAnswer), ("<B> \(password)", .unexpectedAnswer),
        ("<html><b>Sign in</b></html>", .unexpectedAnswer), (page("A1B2C3D4 E5F60718"), .unexpectedAnswer),
        (page("A1B2C3D4E5F6071"), .unexpectedAnswer), (page("A1B2C3"), .unexpectedAnswer),
        (page("A1B2C3D4E5F6071G"), .unexpectedAnswer), (page(String(repeating: "A", count: 130)), .unexpectedAnswer),
        (page("\(password)\u{0}"), .unexpectedAnswer), (page("", password), .unexpectedAnswer),
        (page(" \(password) ", "<B>0011223344556677</B>"), .ambiguous),
        (page("", "The Password cache is full."), .cacheFull),
        (page("", "You do not have sufficient permission to enroll with SCEP."), .notPermitted),
    ])
    func `another page gives none, and says why`(page: String, expected: ChallengeFaultCode) {
        #expect(code(Array(page.utf8)) == expected)
        #expect(code(wide(page)) == expected)
    }

    @Test(arguments: [
        (401, ChallengeFaultCode.notAuthorised), (403, .notPermitted), (302, .status), (500, .status), (204, .status),
    ])
    func `another status gives none, whatever the page says`(status: Int, expected: ChallengeFaultCode) {
        #expect(code(Array(Self.page().utf8), status: status) == expected)
    }

    @Test func `a fault names place and credential, and nothing of the page`() throws {
        let fault = try #require(throws: ChallengeFault.self) {
            try challenge(Array(Self.page().utf8), status: 401)
        }
        #expect(
            fault.description
                == "fetch a challenge from 'https://pki.example/certsrv/mscep_admin/': not-authorised "
                + "(expected the credential 'ndes-login' that it takes, got HTTP status 401)")
        let two = try #require(throws: ChallengeFault.self) {
            try challenge(Self.page(" \(Self.password) ", "<B>0011223344556677</B>"))
        }
        #expect(!two.description.contains(Self.password))
    }

    @Test func `cut anywhere it is the whole password or none`() {
        let page = wide(Self.page())
        for end in page.indices {
            guard let found = try? challenge(Array(page[..<end])) else { continue }
            #expect(found == Self.password, "\(end)")
        }
    }
}
