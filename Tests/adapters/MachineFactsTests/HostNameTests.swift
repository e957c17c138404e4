import MachineFacts
import Profiles
import Testing

struct HostNameTests {
    private let machine: Fixture

    init() throws { machine = try Fixture() }

    @Test func `a name with a domain is the full name`() throws {
        try machine.write("/etc/hostname", "# mine\n\nlaptop.example.com\n")
        #expect(machine.facts() == [.hostname: "laptop.example.com", .fqdn: "laptop.example.com"])
    }

    @Test func `the kernel's name stands in for the file's`() throws {
        try machine.write("/proc/sys/kernel/hostname", "laptop\n")
        #expect(machine.facts() == [.hostname: "laptop"])
    }

    @Test(arguments: ["localhost\n", "(none)\n", "localhost.localdomain", "\n"])
    func `a machine that nobody named has no name`(text: String) throws {
        try machine.write("/etc/hostname", text)
        #expect(machine.facts().isEmpty)
    }

    @Test(arguments: [
        ("127.0.1.1 laptop.example.com laptop", "laptop.example.com"),
        ("127.0.1.1 laptop laptop.example.com", "laptop.example.com"),
        ("::1 LAPTOP Laptop.example.com", "Laptop.example.com"),
        ("127.0.0.1 localhost.localdomain localhost laptop\n10.0.0.1 laptop.lan laptop", "laptop.lan"),
        ("10.0.0.1 other.example.com other\n10.0.0.2 laptop.example.com laptop", "laptop.example.com"),
        ("# 10.0.0.1 laptop.example.com laptop", nil), ("10.0.0.1 laptop # laptop.example.com", nil),
        ("127.0.0.1 laptop", nil), ("laptop laptop.example.com", nil), ("10.0.0.1 laptop2.example.com laptop2", nil),
    ])
    func `hosts adds the domain`(hosts: String, expected: String?) throws {
        try machine.write("/etc/hostname", "laptop")
        try machine.write("/etc/hosts", hosts + "\n")
        #expect(machine.facts()[.fqdn] == expected)
    }
}
