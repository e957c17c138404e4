package import Profiles

/// What a machine is, for the variables of subject templates. Read afresh at each call; never from the network.
package struct MachineFacts: Sendable {
    private let files: SmallFiles
    /// Whether the kernel may be asked, and not only files below a root folder.
    private let isHost: Bool

    /// - Parameter root: the folder below which the machine's files lie; "/" is this machine.
    package init(root: String) {
        files = SmallFiles(root: root)
        isHost = !root.contains { $0 != "/" }
    }

    /// The variables that have a value here; others are absent.
    ///
    /// - Parameter productSerial: the serial number as root read it (`deviceFacts`), since others cannot.
    package func facts(productSerial: String?) -> [TemplateVariable: String] {
        let names = HostNames(files, isHost: isHost)
        let release = OSRelease(files)
        let all: [TemplateVariable: String?] = [
            .serialNumber: Answer.firmware(productSerial),
            .hostname: names.hostname,
            .fqdn: names.fullName,
            .machineID: MachineID(files)?.applicationSpecific,
            .mac: NetworkInterfaces(files, isHost: isHost).permanentAddresses.first,
            .osID: release["ID"],
            .osVersion: release["VERSION_ID"],
        ]
        return all.compactMapValues { Answer.text($0) }
    }

    /// What anybody can read of what tells this machine from others.
    package func openTraits() -> (machineID: String?, addresses: [String]) {
        (
            MachineID(files)?.applicationSpecific,
            NetworkInterfaces(files, isHost: isHost).permanentAddresses
        )
    }

    /// What the firmware calls this machine; only root can read it on most machines. nil where it cannot be read, or
    /// where the vendor left a placeholder.
    package func deviceFacts() -> (productSerial: String?, productUUID: String?) {
        // Machines without DMI, such as most ARM boards, have a device tree.
        let serial =
            Answer.firmware(files.line("/sys/class/dmi/id/product_serial"))
            ?? Answer.firmware(files.line("/sys/firmware/devicetree/base/serial-number"))
        return (serial, Answer.firmware(files.line("/sys/class/dmi/id/product_uuid")))
    }
}
