import Profiles
import TOMLConfiguration
import Testing

/// One wrong thing each in a profile that is good otherwise: the one error must name it.
struct BadProfileTests {
    static let long = String(repeating: "\"/a\",", count: 65)

    static let inSCEP: [(line: String, named: String)] = [
        ("security = \"strict\"", "scep.security"),
        ("legacy-request = \"yes\"", "scep.legacy-request"),
        ("security = \"rfc8894\"\nlegacy-request = true", "scep.legacy-request"),
        ("allow-unpinned-ca = true", "scep.allow-unpinned-ca"),
        ("after-revocation = \"never\"", "scep.after-revocation"),
        ("after-cloning = \"never\"", "scep.after-cloning"),
        ("tls-ca = \"tls.pem\"", "scep.tls-ca"),
        ("server = \"NDES\"", "scep.server: expected \"auto\" or \"ndes\""),
        ("renewal-request = 17", "scep.renewal-request"),
        ("challenge-on-renewal = \"yes\"", "scep.challenge-on-renewal"),
        (
            "challenge = { credential = \"a\", single-use = true }\nchallenge-on-renewal = true",
            "scep.challenge-on-renewal: expected a challenge that works once, or one for renewals too"
        ),
        ("challenge-string = \"bmp\"", "scep.challenge-string: expected \"printable\" or \"utf8\""),
        ("ca-identifier = \"\"", "scep.ca-identifier"), ("ca-identifier = \"a\\nb\"", "scep.ca-identifier"),
        ("ca-identifier = \"\(String(repeating: "a", count: 65))\"", "scep.ca-identifier"),
        ("transaction-id = \"a_b\"", "scep.transaction-id"),
        ("transaction-id = \"\(String(repeating: "a", count: 65))\"", "scep.transaction-id"),
        ("ra-fingerprint = [\"\(String(repeating: "00", count: 16))\"]", "scep.ra-fingerprint"),
        ("challenge = \"secret\"", "scep.challenge"),
        ("challenge = {}", "scep.challenge"),
        ("challenge = { single-use = true }", "scep.challenge"),
        ("challenge = { credential = \"a\", file = \"/b\" }", "scep.challenge"),
        ("challenge = { credential = \"../a\" }", "scep.challenge.credential"),
        ("challenge = { credential = \"\" }", "scep.challenge.credential"),
        ("challenge = { file = \"b\" }", "scep.challenge.file"),
        ("challenge = { command = [] }", "scep.challenge.command"),
        ("challenge = { command = \"/bin/a\" }", "scep.challenge.command"),
        ("challenge = { command = [\"a\"] }", "scep.challenge.command"),
        ("challenge = { command = [\"/bin/a\", 1] }", "scep.challenge.command"),
        ("challenge = { command = [\"/bin/a\", \"\\u0000\"] }", "scep.challenge.command"),
        ("challenge = { ndes = \"https://a/\" }", "scep.challenge.credential is missing"),
        ("challenge = { ndes = \"http://a/\", credential = \"b\" }", "scep.challenge.ndes: expected https:// first"),
        ("challenge = { url = \"http://a/\", credential = \"b\" }", "scep.challenge.url: expected https:// first"),
        ("challenge = { url = \"https://u:p@a/\", credential = \"b\" }", "scep.challenge.url: expected no user name"),
        ("challenge = { url = \"https://a/\", ndes = \"https://a/\", credential = \"b\" }", "got ndes and url"),
        ("challenge = { url = \"https://a/\", file = \"/b\" }", "got file and url"),
        ("challenge = { url = \"https://a/\", credential = \"../b\" }", "scep.challenge.credential"),
        (
            "challenge = { url = \"https://a/\", method = \"PUT\" }",
            "scep.challenge.method: expected \"GET\" or \"POST\""
        ),
        ("challenge = { file = \"/b\", method = \"POST\" }", "scep.challenge.method: expected none without url"),
        (
            "challenge = { url = \"https://a/\", single-use = true }",
            "scep.challenge.single-use: expected none beside url; remove it"
        ),
        ("proxy = 3128", "scep.proxy: expected text or a table"),
        ("proxy = \"proxy.example.com:3128\"", "scep.proxy: expected http:// or https:// first"),
        ("proxy = \"https://proxy.example.com:3128\"", "scep.proxy: expected http:// first"),
        ("proxy = \"http://proxy.example.com\"", "scep.proxy: expected a port"),
        ("proxy = \"http://[::1]\"", "scep.proxy: expected a port"),
        ("proxy = \"http://proxy.example.com:3128/\"", "scep.proxy: expected nothing behind the port"),
        ("proxy = \"http://u:hunter2@proxy.example.com:3128\"", "scep.proxy: expected no user name"),
        ("proxy = {}", "scep.proxy.url is missing"),
        ("proxy = { url = \"http://a:1\", credential = \"a/b\" }", "scep.proxy.credential"),
        ("proxy = { url = \"http://a:1\", password = \"b\" }", "unknown key 'scep.proxy.password'"),
        ("challenge = { credential = \"a\", singel-use = true }", "did you mean 'single-use'"),
        ("challenge = { credential = \"a\", single-use = 1 }", "scep.challenge.single-use"),
        ("challenge = [{ credential = \"a\" }]", "scep.challenge"),
    ]

    static let below: [(line: String, named: String)] = [
        ("issued-name = \"laptop\"", "subject.issued-name"),
        ("issued-name = \"CN=${serial}\"", "subject.issued-name: expected a known variable"),
        ("alternative-names = [\"laptop\"]", "subject.alternative-names"),
        ("alternative-names = [\"DNS:${\"]", "subject.alternative-names"),
        ("[key]\ntype = \"dsa\"", "key.type: expected \"rsa\" or \"ec\""),
        ("[key]\nstore = \"tpm2\"", "key.store = \"tpm2\" is not built yet"),
        ("[key]\nstore = \"pkcs11\"", "key.store = \"pkcs11\" is not built yet"),
        ("[key]\nstore = \"usb\"", "key.store: expected"),
        ("[key]\ntype = \"ec\"\nbits = 2048", "key.bits: EC keys have a curve instead; write curve = \"P-256\""),
        ("[key]\ntype = \"ec\"\ncurve = \"P-521\"", "key.curve: expected \"P-256\" or \"P-384\", got 'P-521'"),
        ("[key]\ncurve = \"P-256\"", "key.curve: RSA keys have no curve; add type = \"ec\""),
        ("[key]\nbits = 1024", "key.bits"),
        ("[key]\nbits = 2049", "key.bits"),
        ("[key]\nbits = 9223372036854775807", "key.bits"),
        ("[key]\nbits = 2048.0", "key.bits"),
        ("[renewal]\nat = 1", "renewal.at"),
        ("[renewal]\nat = nan", "renewal.at"),
        ("[renewal]\nat = -inf", "renewal.at"),
        ("[renewal]\nspread = 0.31", "renewal.spread"),
        ("[renewal]\nat = 0.85", "at + spread"),
        ("[renewal]\nat = 2020-01-01", "got a date or time"),
        ("[install]\nanchors = [\(long)]", "at most 64"),
        ("[install]\nanchors = [[\"/a\"]]", "got a list"),
        ("[install]\nchain = [\"/etc/../a\"]", "install.chain"),
        ("[install]\nchain = [\"/a\", \"/a\"]", "twice"),
        ("[install]\ngroup = \"\"", "install.group"),
        ("[install]\ngroup = \"a:b\"", "install.group"),
        ("[device-tag]\ngateway = \"other\"", "device-tag.gateway = \"other\" is not built yet"),
        ("[device-tag]\nrequire-revocation-check = 1", "device-tag.require-revocation-check"),
        ("[device-tag]\ncrl-urls = [\"ldap://a/\"]", "device-tag.crl-urls"),
        ("[device-tag]\nidentification-cas = [\"\"]", "device-tag.identification-cas"),
        ("[management]\nendpoint = \"https://a/\"", "unknown key 'management'"),
        ("[[install]]\ngroup = \"a\"", "install: expected a table"),
        ("[subject.more]", "unknown key 'subject.more'"),
    ]

    static let replaced: [(text: String, named: String)] = [
        (Reading.text(url: "url = []"), "scep.url is missing"),
        (Reading.text(url: "url = 5"), "scep.url: expected text"),
        (Reading.text(url: "url = [\"http://a\", \"http://u:p@b\"]"), "scep.url: expected no user name"),
        (Reading.text(url: "URL = \"http://a\"\nurl = \"http://a\""), "did you mean 'url'"),
        (Reading.text(pin: ""), "scep.ca-fingerprint is missing"),
        (Reading.text(pin: "ca-fingerprint = []"), "scep.ca-fingerprint is missing"),
        (Reading.text(pin: "allow-unpinned-ca = false"), "scep.ca-fingerprint is missing"),
        (Reading.text(pin: "ca-fingerprint = \"\(String(repeating: "ab", count: 16))\""), "which is MD5"),
        (Reading.text(name: ""), "subject.name is missing"),
        (Reading.text(name: "name = \"\""), "subject.name"),
        (Reading.text(name: "name = \"laptop\""), "subject.name"),
        (Reading.text(name: "name = \"CN=$x\""), "subject.name"),
        (Reading.text(name: "name = \"CN=a\\nb\""), "subject.name: expected text in one line"),
        (Reading.text(name: "name = [\"CN=a\"]"), "subject.name: expected text, got a list"),
    ]

    /// Named by its line in what a test run prints.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let text: String
        let named: String
    }

    static let cases =
        inSCEP.map { Case(testDescription: $0.line, text: Reading.text(scep: $0.line), named: $0.named) }
        + below.map { Case(testDescription: $0.line, text: Reading.text(rest: $0.line), named: $0.named) }
        + replaced.map { Case(testDescription: $0.named, text: $0.text, named: $0.named) }

    @Test(arguments: cases)
    func `one wrong thing is one error that names it`(wrong: Case) throws {
        let errors = try Reading.errors(wrong.text)
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.contains(wrong.named) == true, "\(errors)")
    }

    @Test func `a file beyond its limit is refused unread`() throws {
        let text = Reading.text() + "\n#" + String(repeating: "x", count: 256 * 1024)
        let errors = try Reading.errors(text)
        #expect(errors.count == 1)
        #expect(errors.first?.contains("more than 262144") == true)
    }

    enum Nesting: String, CaseIterable {
        case lists, brieflyNestedLists, dottedKey, fewerDots, dottedTable, inlineTables

        var text: String {
            switch self {
            case .lists: "a = " + String(repeating: "[", count: 5000)
            case .brieflyNestedLists: "a = [[[[[[[[[1]]]]]]]]]"
            case .dottedKey: String(repeating: "a.", count: 100_000) + "a = 1"
            case .fewerDots: String(repeating: "a.", count: 200) + "a = 1"
            case .dottedTable: "[" + String(repeating: "a.", count: 100_000) + "a]"
            case .inlineTables: String(repeating: "a = {", count: 300)
            }
        }
    }

    @Test(arguments: Nesting.allCases)
    func `nesting without end is an error, not an end of the process`(nesting: Nesting) throws {
        let errors = try Reading.errors(nesting.text)
        #expect(errors.count == 1)
        #expect(errors.first?.contains("not TOML") == true)
    }

    @Test func `a thousand unknown keys are no thousand lines`() throws {
        let text = (0..<1000).map { "k\($0) = 1\n" }.joined()
        #expect(try Reading.errors(text).count == 100)
    }
}
