import Profiles
import TOMLConfiguration
import Testing

struct GoldenErrorTests {
    @Test func `all errors of a file are told at once, in its order, with place and remedy`() throws {
        let text = """
            title = "x"
            [scep]
            url = "ftp://pki.example.com"
            ca-fingerprint = ["\(String(repeating: "ab", count: 20))", 5]
            chalenge = "hunter2"
            bits = 2048
            [subject]
            name = "CN=${serialnumber}"
            alternative-names = ["DNS:${fqdn}", "DNS:a b", "DNS:${fqdn}"]
            [key]
            type = "ec"
            bits = "2048"
            [renewal]
            at = 0.95
            [install]
            anchors = ["root.pem"]
            [device_tag]
            """
        #expect(
            try Reading.errors(text) == [
                "a.toml:1:1: unknown key 'title'; remove it; known here are scep, subject, key, renewal, install, device-tag",
                "a.toml:3:7: scep.url: expected http:// or https:// first, got 'ftp://pki.example.com'; write it like https://pki.example.com/scep",
                "a.toml:4:19: scep.ca-fingerprint: expected 64 hexadecimal digits of SHA-256, got 40 digits, which is SHA-1; compute SHA-256 with: openssl x509 -in ca.pem -noout -fingerprint -sha256",
                "a.toml:4:63: scep.ca-fingerprint: expected text, got a whole number; write it in quotes",
                "a.toml:5:1: unknown key 'scep.chalenge'; did you mean 'challenge'?",
                "a.toml:6:1: unknown key 'scep.bits'; it belongs in [key]",
                "a.toml:8:8: subject.name: expected a known variable, got ${serialnumber}; use one of ${serial_number}, ${hostname}, ${fqdn}, ${machine_id}, ${mac}, ${os_id}, ${os_version}",
                "a.toml:9:37: subject.alternative-names: expected DNS: with labels of letters, digits and '-', at most 63 characters each and 253 in all, got 'a b'; write DNS:name, URI:uri, email:address or IP:address",
                "a.toml:9:48: subject.alternative-names: the same element stands here twice; remove one",
                "a.toml:12:8: key.bits: EC keys have a curve instead; write curve = \"P-256\" or \"P-384\"",
                "a.toml:14:6: renewal.at: expected 0.1 to 0.9, got 0.95; choose a value within the limits",
                "a.toml:16:12: install.anchors: expected an absolute path, got 'root.pem'; write the whole path from '/', without '.', '..' or doubled '/'",
                "a.toml:17:2: unknown key 'device_tag'; did you mean 'device-tag'?",
            ])
    }

    @Test func `what is wrong with ways and challenges is told as precisely`() throws {
        let text = Reading.text(
            scep: """
                challenge = { ndes = "http://ndes.example.com/certsrv/mscep_admin/", method = "GET", single-use = true }
                proxy = { url = "http://proxy.example.com", password = "hunter2" }
                """)
        #expect(
            try Reading.errors(text) == [
                "a.toml:4:13: scep.challenge.credential is missing; name the one that holds user:password, like { ndes = \"https://…\", credential = \"ndes-login\" }",
                "a.toml:4:22: scep.challenge.ndes: expected https:// first, got 'http://ndes.example.com/certsrv/mscep_admin/'; write it like https://pki.example.com/scep",
                "a.toml:4:79: scep.challenge.method: expected none without url; remove it",
                "a.toml:4:99: scep.challenge.single-use: expected none beside ndes; remove it: a challenge that is fetched is never sent twice",
                "a.toml:5:17: scep.proxy.url: expected a port, got none; write it like http://proxy.example.com:3128",
                "a.toml:5:45: unknown key 'scep.proxy.password'; remove it; known here are url, credential",
            ])
    }

    @Test func `an empty file misses what a profile needs`() throws {
        #expect(
            try Reading.errors("") == [
                "a.toml:1:1: scep.url is missing; add [scep] url = \"https://pki.example.com/scep\"",
                "a.toml:1:1: scep.ca-fingerprint is missing; compute SHA-256 with: openssl x509 -in ca.pem -noout -fingerprint -sha256",
                "a.toml:1:1: subject.name is missing; add [subject] name = \"CN=${serial_number},O=Example\"",
            ])
    }

    @Test func `what is no TOML is told with its place`() throws {
        let errors = try Reading.errors("[scep]\nurl = \"http://a\"\nurl = \"http://b\"\n")
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("a.toml:3:") == true)
        #expect(errors.first?.contains("not TOML: ") == true)
        #expect(try Reading.errors("[scep]\nurl = \"http:").first?.hasPrefix("a.toml:2:") == true)
        #expect(try Reading.errors("a = \"\u{FF}\0\"").first?.hasPrefix("a.toml:1:") == true)
    }

    /// toml++ 3.3 asserts that a table's name begins like a key.
    @Test(arguments: [("[//fleet]", 1), ("[ =", 1), ("[[#]]", 1), ("# \"\"\"\n[scep]\n[ / ]\n[subject]\n", 3)])
    func `a table whose name begins like none is an error on its line`(text: String, line: Int) throws {
        let errors = try Reading.errors(text)
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("a.toml:\(line):") == true, "\(errors)")
    }

    @Test func `a message never carries a control character`() throws {
        let errors = try Reading.errors(Reading.text(rest: #""\u001b[31mred\n" = 1"#))
        #expect(errors.count == 1)
        #expect(errors.first?.contains(#"'subject.\u{1B}[31mred\n'"#) == true)
    }

    @Test func `a secret that stands where it must not is not repeated`() throws {
        let errors = try Reading.errors(Reading.text(scep: "challenge = \"hunter2\"\npassword = \"hunter2\""))
        #expect(errors.count == 2)
        #expect(!errors.joined().contains("hunter2"))
    }
}
