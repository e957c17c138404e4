import Faults
import Profiles
import Testing
import X509

struct AlternativeNameTests {
    private func render(_ entry: String, _ facts: [TemplateVariable: String] = [:]) throws -> GeneralName {
        let template = SubjectTemplate(name: "CN=x", alternativeNames: [entry])
        return try #require(try template.render(facts).alternativeNames.first)
    }

    static let addresses: [(String, [UInt8])] = [
        ("192.0.2.1", [192, 0, 2, 1]),
        ("::", [UInt8](repeating: 0, count: 16)),
        ("::1", [UInt8](repeating: 0, count: 15) + [1]),
        ("2001:db8::ff00:42:8329", [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0x42, 0x83, 0x29]),
        ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
        ("1:2:3:4:5:6:7::", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]),
        ("::ffff:192.0.2.1", [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 1]),
        ("FE80::A", [0xFE, 0x80] + [UInt8](repeating: 0, count: 13) + [10]),
    ]

    @Test(arguments: addresses)
    func `an address becomes its octets`(text: String, octets: [UInt8]) throws {
        #expect(try render("IP:\(text)") == .ipAddress(octets))
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.1.1.1", "1.2.3.-4", "1.2.3.4/8", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "fe80::1%eth0", "::1.2.3.4:5", "1.2.3.4::", "g::", "[::1]",
        "::+1",
    ])
    func `what is no address is refused`(text: String) {
        #expect(throws: ProfileFault.self) { try render("IP:\(text)") }
    }

    @Test func `each kind is rendered with its values in place`() throws {
        #expect(try render("DNS:${fqdn}", [.fqdn: "a-1.example.com"]) == .dns("a-1.example.com"))
        #expect(try render("URI:urn:device:${machine_id}", [.machineID: "00ff"]) == .uri("urn:device:00ff"))
        #expect(try render("email:${hostname}@example.com", [.hostname: "laptop"]) == .email("laptop@example.com"))
        #expect(try render("URI:urn:mac:${mac}", [.mac: "02:00:00:00:00:01"]) == .uri("urn:mac:02:00:00:00:00:01"))
    }

    @Test func `a value in a URI stays within its segment`() throws {
        #expect(
            try render("URI:https://e.example/${serial_number}/x", [.serialNumber: "a/b ?#%ü"])
                == .uri("https://e.example/a%2Fb%20%3F%23%25%C3%BC/x"))
    }

    @Test(arguments: [
        "", "laptop", "dns:a.example", "RID:1.2.3", "DNS", "DNS:", "DNS:a..b", "DNS:.a", "DNS:a.", "DNS:-a", "DNS:a-",
        "DNS:a_b", "DNS:*.example.com", "DNS:ä.example", "DNS:a b", "DNS:" + String(repeating: "a", count: 64),
        "DNS:" + String(repeating: "a.", count: 127) + "a", "URI:", "URI:no-scheme", "URI:urn:", "URI:1x:a",
        "URI:urn:a b",
        "URI:urn:ä", "URI:urn:%4", "URI:urn:%zz", "email:a", "email:@b", "email:a@", "email:a@b@c", "email:a b@c",
        "email:a..b@c",
        "email:ä@c",
    ])
    func `what is no such name is refused`(entry: String) throws {
        let fault = try #require(throws: ProfileFault.self) { try render(entry) }
        #expect(fault.code == .invalidAlternativeName)
    }

    @Test func `a value that breaks a host name is refused after rendering`() throws {
        let fault = try #require(throws: ProfileFault.self) { try render("DNS:${hostname}", [.hostname: "my_host"]) }
        #expect(fault.code == .invalidAlternativeName)
        #expect(fault.got == "'my_host'")
    }
}
