import DurableFiles
import FoundationEssentials
import Glibc
import Installation
import MachineFacts
import OpenSSLCrypto
import Profiles
import SignetInstaller
import TOMLConfiguration
import TrustStores
import X509

// The adapter has exactly what the port asks for.
extension DurableFiles: InstalledFiles {}

/// Hands the installer everything outside it.
func surroundings(root: String, accounts: Accounts) throws -> SystemInstaller.Surroundings {
    let files = DurableFiles()
    let machine = MachineFacts(root: root)
    let folder = ConfigurationFolder(root: root, ownership: .rootOnly(uid: accounts.owner))
    let reader = RootReader(
        profiles: {
            try folder.profiles().compactMap { entry in
                entry.name.map { (name: $0, result: entry.result.mapError { $0 as any Error }) }
            }
        },
        certificates: { try folder.certificates($0) },
        facts: { machine.facts(productSerial: machine.deviceFacts().productSerial) })
    return SystemInstaller.Surroundings(
        configuration: { try reader.configuration() },
        policy: InstallationPolicy(cryptography: OpenSSL()), files: files,
        trustStore: DebianTrustStore(root: root, files: files),
        ownership: Ownership(owner: accounts.owner, group: accounts.group) { try accounts.group(named: $0) },
        deviceFacts: {
            let facts = machine.deviceFacts()
            return DeviceFacts(productSerial: facts.productSerial, productUUID: facts.productUUID)
        },
        now: { Date() })
}
