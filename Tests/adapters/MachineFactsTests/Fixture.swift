import MachineFacts
import Profiles
import TestFiles

/// A machine made of files in a folder of a test's own.
struct Fixture {
    private let folder: ScratchFolder
    var root: String { folder.path }

    init() throws { folder = try ScratchFolder() }

    func write(_ path: String, _ text: String) throws { try folder.write(path, text, mode: 0o644) }

    func write(_ path: String, _ bytes: [UInt8]) throws { try folder.write(path, bytes, mode: 0o644) }

    /// A network interface as /sys shows it.
    func interface(
        _ name: String, index: Int, address: String, type: Int = 1, assigned: Int? = 0, isPhysical: Bool = true
    ) throws {
        let folder = "/sys/class/net/\(name)"
        try write("\(folder)/ifindex", "\(index)\n")
        try write("\(folder)/address", "\(address)\n")
        try write("\(folder)/type", "\(type)\n")
        if let assigned { try write("\(folder)/addr_assign_type", "\(assigned)\n") }
        if isPhysical { try write("\(folder)/device/uevent", "") }
    }

    func facts(productSerial: String? = nil) -> [TemplateVariable: String] {
        MachineFacts(root: root).facts(productSerial: productSerial)
    }
}
