import CLinux

/// The network interfaces, as /sys/class/net has them.
struct NetworkInterfaces {
    /// The permanent addresses of the physical Ethernet and Wi-Fi interfaces, `aa:bb:cc:dd:ee:ff`, in the order of their
    /// indexes, which is that in which the kernel found them.
    let permanentAddresses: [String]

    init(_ files: SmallFiles, isHost: Bool) {
        let folder = "/sys/class/net"
        // Only interfaces with a device are physical; type 1 is ARPHRD_ETHER.
        let physical = files.names(in: folder).filter { name in
            files.exists("\(folder)/\(name)/device") && files.line("\(folder)/\(name)/type") == "1"
        }
        let ordered = physical.compactMap { name in
            files.line("\(folder)/\(name)/ifindex").flatMap { Int($0) }.map { (index: $0, name: name) }
        }
        permanentAddresses =
            ordered.sorted { $0 < $1 }.compactMap { interface in
                isHost
                    ? Self.kernelAddress(interface.name) ?? Self.writtenAddress("\(folder)/\(interface.name)", files)
                    : Self.writtenAddress("\(folder)/\(interface.name)", files)
            }
    }

    private static func kernelAddress(_ name: String) -> String? {
        var address = [UInt8](repeating: 0, count: 6)
        guard unsafe signet_permanent_address(name, &address) == 0, address.contains(where: { $0 != 0 }) else {
            return nil
        }
        return Hexadecimal.text(address, separator: ":")
    }

    /// The address in use, where it is the permanent one: addr_assign_type 0, as opposed to random, stolen or set.
    private static func writtenAddress(_ folder: String, _ files: SmallFiles) -> String? {
        guard files.line("\(folder)/addr_assign_type") ?? "0" == "0" else { return nil }
        let parts = files.line("\(folder)/address")?.lowercased().split(separator: ":") ?? []
        let bytes = parts.compactMap { $0.utf8.count == 2 ? UInt8($0, radix: 16) : nil }
        guard parts.count == 6, bytes.count == 6, bytes.contains(where: { $0 != 0 }) else { return nil }
        return Hexadecimal.text(bytes, separator: ":")
    }
}
