import MachineFacts
import Profiles
import Testing

struct NetworkInterfaceTests {
    private let machine: Fixture

    init() throws { machine = try Fixture() }

    @Test func `the physical interface that the kernel found first is taken`() throws {
        try machine.interface("lo", index: 1, address: "00:00:00:00:00:00", type: 772, isPhysical: false)
        try machine.interface("bond0", index: 2, address: "02:00:00:00:00:02", isPhysical: false)
        try machine.interface("wwan0", index: 3, address: "02:00:00:00:00:03", type: 519)
        try machine.interface("eth0", index: 10, address: "02:00:00:00:00:0a")
        try machine.interface("wlan0", index: 9, address: "02:00:00:00:00:09")
        #expect(machine.facts() == [.mac: "02:00:00:00:00:09"])
        #expect(MachineFacts(root: machine.root).openTraits().addresses == ["02:00:00:00:00:09", "02:00:00:00:00:0a"])
    }

    @Test(arguments: ["00:00:00:00:00:00", "", "02:00:00:00:00", "02:00:00:00:00:0g", "02:00:00:00:00:01:02"])
    func `an interface without an address is passed over`(address: String) throws {
        try machine.interface("eth0", index: 2, address: address)
        #expect(machine.facts().isEmpty)
        try machine.interface("eth1", index: 3, address: "02:00:00:00:00:03")
        #expect(machine.facts() == [.mac: "02:00:00:00:00:03"])
    }

    @Test(arguments: [1, 2, 3])
    func `an address that was made up or set is not the permanent one`(assigned: Int) throws {
        try machine.interface("wlan0", index: 2, address: "02:00:00:00:00:02", assigned: assigned)
        #expect(machine.facts().isEmpty)
    }

    @Test func `a kernel that does not say how it was assigned is believed`() throws {
        try machine.interface("eth0", index: 2, address: "02:00:00:00:00:02", assigned: nil)
        #expect(machine.facts() == [.mac: "02:00:00:00:00:02"])
    }
}
