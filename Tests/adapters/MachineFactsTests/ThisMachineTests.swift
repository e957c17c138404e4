import Glibc
import MachineFacts
import Profiles
import Testing

/// The paths that ask the kernel instead of reading a file.
struct ThisMachineTests {
    private let facts = MachineFacts(root: "/").facts(productSerial: nil)

    @Test func `the host's name is the kernel's`() {
        var name = [CChar](repeating: 0, count: 256)
        #expect(gethostname(&name, 255) == 0)
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #expect(facts[.hostname] == (text == "localhost" || text == "(none)" || text.isEmpty ? nil : text))
    }

    @Test func `the permanent address has six bytes, not all zero, or is absent`() {
        guard let address = facts[.mac] else { return }
        let bytes = address.split(separator: ":").compactMap { UInt8($0, radix: 16) }
        #expect(bytes.count == 6 && bytes.contains { $0 != 0 })
    }
}
