import FoundationEssentials
import MachineFacts
import Profiles

/// A machine made of files in a folder of a test's own, removed when the test ends.
final class Fixture {
    let root: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "signet-facts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        root = folder.path
    }

    func write(_ path: String, _ text: String) throws { try write(path, Array(text.utf8)) }

    func write(_ path: String, _ bytes: [UInt8]) throws {
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: root + path))
    }

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

    deinit { try? FileManager.default.removeItem(atPath: root) }
}
