import Enrollment
import Testing

@Suite struct MachineMarksTests {
    private let laptop = MachineTraits(
        productUUID: "4c4c4544-0042-3510-8053-b4c04f4d3132", productSerial: "SN1", machineID: "m1",
        addresses: ["02:00:00:00:00:01", "02:00:00:00:00:02"])

    private func isAnother(_ old: MachineTraits, _ new: MachineTraits) -> Bool {
        MachineMarks(old, device: "d", digest: digest(_:)).ruleOut(new, digest: digest(_:))
    }

    private func digest(_ bytes: [UInt8]) -> [UInt8] {
        // FNV-1a over all bytes, so that each one counts in the first sixteen.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let half = (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * $0)) }
        return half + half
    }

    @Test func `The firmware's word decides where both sides have it`() {
        #expect(!isAnother(laptop, laptop))
        var other = laptop
        (other.machineID, other.addresses) = ("m2", ["02:00:00:00:00:03"])
        #expect(!isAnother(laptop, other), "a new network card and a new machine-id")
        other.productUUID = nil
        #expect(!isAnother(laptop, other), "the serial number is still the same")
        other.productSerial = "SN2"
        #expect(isAnother(laptop, other))
        other = laptop
        other.productUUID = "00112233-4455-6677-8899-aabbccddeeff"
        #expect(isAnother(laptop, other), "hypervisors give their guests one serial number")
        other = laptop
        other.productSerial = "SN2"
        #expect(!isAnother(laptop, other), "a guest on another host, or a serial number that was corrected")
    }

    @Test func `Where the firmware says nothing, the machine-id and the addresses do`() {
        var board = laptop
        (board.productUUID, board.productSerial) = (nil, nil)
        var other = board
        other.addresses.removeFirst()
        #expect(!isAnother(board, other), "one address of two is left")
        other.addresses = ["02:00:00:00:00:03"]
        #expect(isAnother(board, other))
        other.machineID = "m2"
        #expect(isAnother(laptop, other), "one that had firmware, in one that has none")
        other = board
        other.machineID = "m2"
        #expect(!isAnother(board, other), "a machine-id that is made at each boot")
        (board.addresses, other.addresses) = ([], [])
        #expect(isAnother(board, other))
        other.machineID = "m1"
        #expect(!isAnother(board, other))
    }

    @Test func `What cannot be read proves nothing`() {
        #expect(!isAnother(laptop, MachineTraits()))
        #expect(!isAnother(MachineTraits(), laptop))
        #expect(!isAnother(MachineTraits(productSerial: "SN1"), MachineTraits(productUUID: "1")))
    }

    @Test func `Byte order and case of the UUID are nobody's doing`() {
        var other = laptop
        other.productUUID = "44454C4C-4200-1035-8053-B4C04F4D3132"
        #expect(!isAnother(laptop, other))
    }

    @Test func `One change after the other does not make another machine of it, and what cannot be read stays known`() {
        var marks = MachineMarks(laptop, device: "d", digest: digest(_:))
        var now = MachineTraits(machineID: "m1", addresses: [])
        marks = marks.updated(now, digest: digest(_:))
        now = laptop
        now.addresses = ["02:00:00:00:00:03"]
        #expect(!marks.ruleOut(now, digest: digest(_:)))
        marks = marks.updated(now, digest: digest(_:))
        #expect(marks == MachineMarks(now, device: "d", digest: digest(_:)))
    }

    @Test func `Marks of two devices have nothing in common`() {
        let one = MachineMarks(laptop, device: "d1", digest: digest(_:))
        #expect(one != MachineMarks(laptop, device: "d2", digest: digest(_:)))
        #expect(!one.ruleOut(laptop, digest: digest(_:)))
    }
}
