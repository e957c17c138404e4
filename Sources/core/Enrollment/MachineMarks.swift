import X509

/// What tells one machine from another, as far as it can be read. It is compared, and told to nobody.
package struct MachineTraits: Sendable, Equatable {
    /// What the firmware says, which root alone reads on most machines.
    package var productUUID: String?
    package var productSerial: String?
    /// Made of the machine-id, for Signet only (sd_id128_get_machine_app_specific(3)).
    package var machineID: String?
    /// The permanent addresses of the physical network interfaces.
    package var addresses: [String]

    package init(
        productUUID: String? = nil, productSerial: String? = nil, machineID: String? = nil, addresses: [String] = []
    ) {
        self.productUUID = productUUID
        self.productSerial = productSerial
        self.machineID = machineID
        self.addresses = addresses
    }
}

/// A machine's traits as digests: what is kept on the disk to tell the machine from one that has a copy of the disk.
///
/// They are salted with the id of the device, so that those of two devices cannot be compared; who reads them learns only
/// whether a value that he knows already is among them.
package struct MachineMarks: Sendable, Equatable, Codable {
    package typealias Digest = (_ bytes: [UInt8]) -> [UInt8]

    /// The id of the device whose machine it is.
    package let device: String
    private var productUUID: String?
    private var productSerial: String?
    private var machineID: String?
    private var addresses: [String]

    package init(_ traits: MachineTraits, device: String, digest: Digest) {
        func mark(_ kind: String, _ value: String) -> String {
            Hexadecimal.string(digest(Array("signet mark \(device) \(kind) \(value)".utf8)).prefix(16)).lowercased()
        }
        self.device = device
        productUUID = traits.productUUID.map { mark("uuid", Self.canonical(uuid: $0)) }
        productSerial = traits.productSerial.map { mark("serial", $0) }
        machineID = traits.machineID.map { mark("machine-id", $0) }
        addresses = traits.addresses.map { mark("address", $0.lowercased()) }.sorted()
    }

    /// Whether this machine is certainly another one than the marked.
    ///
    /// The first of these that both have decides: the firmware's UUID, which a board has for life; its serial number,
    /// which some hypervisors take from their host; addresses, of which one that is left is enough; the machine-id, which
    /// some systems make anew at each boot. So who replaces a network card, or has a new machine-id made, keeps the
    /// machine. What cannot be read proves nothing.
    package func ruleOut(_ traits: MachineTraits, digest: Digest) -> Bool {
        let other = MachineMarks(traits, device: device, digest: digest)
        if let productUUID, let found = other.productUUID { return productUUID != found }
        if let productSerial, let found = other.productSerial { return productSerial != found }
        if !addresses.isEmpty, !other.addresses.isEmpty { return Set(addresses).isDisjoint(with: other.addresses) }
        if let machineID, let found = other.machineID { return machineID != found }
        return false
    }

    /// The marks of the same machine as it is now, so that one change after the other does not make it another. What
    /// cannot be read now stays as it was.
    package func updated(_ traits: MachineTraits, digest: Digest) -> MachineMarks {
        var marks = MachineMarks(traits, device: device, digest: digest)
        marks.productUUID = marks.productUUID ?? productUUID
        marks.productSerial = marks.productSerial ?? productSerial
        marks.machineID = marks.machineID ?? machineID
        if marks.addresses.isEmpty { marks.addresses = addresses }
        return marks
    }

    /// The same for both byte orders of the first three fields: firmware and kernels differ in it (SMBIOS 2.6 §7.2.1),
    /// and an update of either must not make another machine of this one.
    private static func canonical(uuid: String) -> String {
        let digits = Array(uuid.lowercased().filter(\.isHexDigit))
        guard digits.count == 32 else { return uuid.lowercased() }
        let order = [3, 2, 1, 0, 5, 4, 7, 6] + Array(8..<16)
        let swapped = order.flatMap { digits[2 * $0...2 * $0 + 1] }
        return min(String(digits), String(swapped))
    }
}
