import Faults
import Profiles
import Testing

struct ProfileRuleTests {
    @Test(arguments: [
        "http://pki.example.com/scep", "https://pki.example.com", "HTTPS://PKI.example.com:8443/a/b?x=y",
        "http://10.0.0.1/",
        "http://[2001:db8::1]:80/scep", "http://ca_server/certsrv/mscep/mscep.dll", "http://localhost:8080/scep",
        "http://h?q",
    ])
    func `a URL that Signet calls is accepted`(url: String) throws { try ServerURL.check(url) }

    @Test(arguments: [
        "", "pki.example.com/scep", "ftp://h/", "file:///etc/passwd", "http:/h", "http://", "http:///path",
        "http://:80/",
        "http://u@h/", "http://u:p@h/", "http://h:0/", "http://h:65536/", "http://h:/", "http://h:8a/", "http://h/#f",
        "http://h/a b", "http://h/ü", "http://münchen.example/", "http://h\\x/", "http://127.1/", "http://1/",
        "http://[::1/",
        "http://::1/", "http://[1.2.3.4]/", "http://h/%4", "http://a..b/", "http://[::1]x:80/", "http://h/\n",
        "http://h/[x]",
        "http://" + String(repeating: "a", count: 2048),
    ])
    func `any other URL is refused`(url: String) throws {
        let fault = try #require(throws: ProfileFault.self) { try ServerURL.check(url) }
        #expect(fault.code == .invalidURL)
    }

    private let hex = "4F0A" + String(repeating: "00", count: 29) + "ff"

    @Test func `a fingerprint may be written as tools print it`() throws {
        let bytes = [0x4F, 0x0A] + [UInt8](repeating: 0, count: 29) + [0xFF]
        let colons = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
        let groups = "\(hex.prefix(8)) \(hex.dropFirst(8))"
        for text in [
            hex, hex.lowercased(), "sha256:\(hex)", "SHA256:\(hex)", "sha256 Fingerprint=\(colons)", colons, groups,
        ] {
            #expect(try Fingerprint.read(text) == bytes)
        }
    }

    @Test(arguments: [
        (String(repeating: "ab", count: 20), "40 digits, which is SHA-1"),
        (String(repeating: "AB:", count: 15) + "AB", "32 digits, which is MD5"),
        (String(repeating: "ab", count: 31), "62 digits"), ("", "0 digits"), ("sha1:ab", "'sha1:ab'"),
        (String(repeating: "zz", count: 32), "'" + String(repeating: "zz", count: 32) + "'"),
    ])
    func `another fingerprint is refused, saying what it is (Q-13)`(text: String, got: String) throws {
        let fault = try #require(throws: ProfileFault.self) { try Fingerprint.read(text) }
        #expect(fault.code == .invalidFingerprint)
        #expect(fault.got == got)
    }

    @Test(arguments: ["/a", "/etc/signet/anchors/root.pem", "/a b/ü"])
    func `a plain absolute path is accepted`(path: String) throws { try ProfileRules.check(path: path) }

    @Test(arguments: [
        "", "/", "a", "a/b", "//a", "/a/", "/a//b", "/a/../b", "/..", "/./a", "/" + String(repeating: "a", count: 256),
    ])
    func `any other path is refused`(path: String) {
        #expect(throws: ProfileFault.self) { try ProfileRules.check(path: path) }
    }

    @Test(arguments: ["", ".", "..", "a/b", "a b", "ä", String(repeating: "a", count: 241)])
    func `what is no credential's name is refused`(name: String) {
        #expect(throws: ProfileFault.self) { try ProfileRules.check(credential: name) }
    }

    @Test func `a command begins with a program's path`() throws {
        try ProfileRules.check(command: ["/usr/bin/tool", ""])
        #expect(throws: ProfileFault.self) { try ProfileRules.check(command: []) }
        #expect(throws: ProfileFault.self) { try ProfileRules.check(command: ["tool"]) }
    }

    @Test func `renewal must end early enough`() throws {
        try ProfileRules.check(renewal: RenewalSettings(at: 0.66, spread: 0.24))
        #expect(throws: ProfileFault.self) { try ProfileRules.check(renewal: RenewalSettings(at: 0.7, spread: 0.21)) }
        #expect(throws: ProfileFault.self) { try ProfileRules.check(.nan, within: ProfileRules.renewalAt) }
    }

    @Test(arguments: [("1s", 1), ("90s", 90), ("2m", 120), ("2min", 120), ("1h", 3600)])
    func `a time span is read in seconds`(text: String, seconds: Int) throws {
        #expect(try AgentSettings.seconds(text) == seconds)
    }

    @Test(arguments: ["", "s", "10", "-1s", "1 s", "1w", "1.5s", "9999999999s", "１s"])
    func `what is no time span is refused`(text: String) {
        #expect(throws: ProfileFault.self) { try AgentSettings.seconds(text) }
    }
}
