import CSystemd
import MachineFacts
import Profiles
import Testing

struct MachineFactsTests {
    private let machine: Fixture

    init() throws { machine = try Fixture() }

    @Test func `an empty machine has no facts`() {
        #expect(machine.facts().isEmpty)
        #expect(machine.facts(productSerial: "").isEmpty)
        #expect(MachineFacts(root: machine.root + "/absent").facts(productSerial: nil).isEmpty)
    }

    @Test func `a whole machine has every fact`() throws {
        try machine.write("/etc/hostname", "laptop\n")
        try machine.write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1\tlaptop.example.com laptop # mine\n")
        try machine.write("/etc/machine-id", "00112233445566778899aabbccddeeff\n")
        try machine.write("/etc/os-release", "ID=debian\nVERSION_ID=\"11\"\n")
        try machine.interface("eth0", index: 2, address: "02:00:5E:00:00:01")
        #expect(
            machine.facts(productSerial: " PF2ABC \n") == [
                .serialNumber: "PF2ABC", .hostname: "laptop", .fqdn: "laptop.example.com",
                .machineID: "3de658ed6bbb451d872683822957dbb6", .mac: "02:00:5e:00:00:01", .osID: "debian",
                .osVersion: "11",
            ])
    }

    @Test(arguments: [
        "To Be Filled By O.E.M.", "To be filled by O.E.M.", "None", "Default string", "System Serial Number", "0",
        "000000",
        "Not Specified", "Not Applicable", "N/A", "ZZZZZZZZ", "--", "   ", "0123456789", "a\u{7}b",
        String(repeating: "ab", count: 129),
    ])
    func `what vendors leave where a serial number belongs is none`(text: String) throws {
        #expect(machine.facts(productSerial: text)[.serialNumber] == nil)
        try machine.write("/sys/class/dmi/id/product_serial", text + "\n")
        #expect(MachineFacts(root: machine.root).deviceFacts().productSerial == nil)
    }

    @Test func `the firmware's facts are read for those who cannot`() throws {
        try machine.write("/sys/class/dmi/id/product_serial", "PF2ABC\n")
        try machine.write("/sys/class/dmi/id/product_uuid", "4c4c4544-0042-3510-8054-b4c04f4d3132\n")
        let facts = MachineFacts(root: machine.root).deviceFacts()
        #expect(facts.productSerial == "PF2ABC")
        #expect(facts.productUUID == "4c4c4544-0042-3510-8054-b4c04f4d3132")
    }

    @Test(arguments: [
        "00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        "03000200-0400-0500-0006-000700080009",
    ])
    func `a UUID that many machines share is none`(uuid: String) throws {
        try machine.write("/sys/class/dmi/id/product_uuid", uuid)
        #expect(MachineFacts(root: machine.root).deviceFacts().productUUID == nil)
    }

    @Test func `a device tree's serial number stands in for DMI's`() throws {
        try machine.write("/sys/firmware/devicetree/base/serial-number", "10000000a1b2c3d4\0")
        #expect(MachineFacts(root: machine.root).deviceFacts().productSerial == "10000000a1b2c3d4")
    }

    @Test(arguments: [
        "", "uninitialized\n", "00112233", String(repeating: "0", count: 32), String(repeating: "g", count: 32),
        String(repeating: "0", count: 31) + "é",
    ])
    func `what is no machine id gives none`(text: String) throws {
        try machine.write("/etc/machine-id", text)
        #expect(machine.facts()[.machineID] == nil)
    }

    /// Where this machine has no id, both must have none.
    @Test func `this machine's id is the one that libsystemd derives`() {
        var application = sd_id128_t()
        application.bytes = (
            0xA5, 0xC3, 0xF0, 0xDB, 0x18, 0xE8, 0x4E, 0x92, 0x83, 0x36, 0x3D, 0x5F, 0x08, 0x9B, 0x66, 0x03
        )
        var derived = sd_id128_t()
        var expected: String?
        if sd_id128_get_machine_app_specific(application, &derived) == 0 {
            var text = [CChar](repeating: 0, count: 33)
            sd_id128_to_string(derived, &text)
            expected = String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        #expect(MachineFacts(root: "/").facts(productSerial: nil)[.machineID] == expected)
    }

    @Test(arguments: [
        ("ID=fedora\nVERSION_ID=33\n", "fedora", "33"),
        ("# c\n\nID='opensuse-leap'\nVERSION_ID='15.6'", "opensuse-leap", "15.6"),
        ("ID=\"a\\$b\\\\\"\nVERSION_ID=9", "a$b\\", "9"), ("ID=a\nID=b\nVERSION_ID=\"1\"", "b", "1"),
    ])
    func `os-release is read as shells would`(text: String, id: String, version: String) throws {
        try machine.write("/usr/lib/os-release", text)
        #expect(machine.facts()[.osID] == id)
        #expect(machine.facts()[.osVersion] == version)
    }

    @Test func `a release without version, or with an empty one, has none`() throws {
        try machine.write("/etc/os-release", "ID=arch\nVERSION_ID=\"\"\n")
        #expect(machine.facts() == [.osID: "arch"])
    }

    @Test func `files of any size and content are survived`() throws {
        try machine.write("/etc/hostname", [UInt8](repeating: 0xFF, count: 100_000))
        try machine.write("/etc/hosts", String(repeating: "1.2.3.4 a\n", count: 100_000))
        try machine.write("/etc/machine-id", String(repeating: "0", count: 100_000))
        try machine.write("/etc/os-release", String(repeating: "ID", count: 100_000))
        try machine.write("/sys/class/net/eth0/device/x", "")
        #expect(machine.facts().isEmpty)
    }
}
