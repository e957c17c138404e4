import DurableFiles
import FoundationEssentials
import Glibc
import Installation
import OpenSSLCrypto
import Profiles
import SignetInstaller
import Synchronization
import TestFiles
import TestInstallation
import TestPKI
import TrustStores
import X509

// The adapter has exactly what the port asks for.
extension DurableFiles: InstalledFiles {}

/// An installer below a scratch folder, with root's files as a value that the test may change.
final class Bench: Sendable {
    let folder: String
    private let configuration: Mutex<RootConfiguration>

    init(_ folder: String, _ files: RootFiles) throws {
        self.folder = folder
        configuration = Mutex(try files.configuration())
    }

    var published: String { "\(folder)/etc/ssl/signet" }

    func set(_ files: RootFiles?) throws {
        let value = try files?.configuration() ?? RootConfiguration(profiles: [:])
        configuration.withLock { $0 = value }
    }

    /// - Parameter store: the anchors' place; Debian's below the folder unless given.
    func installer(
        calls: any FileSystemCalls = RecordingFileSystem(), store: (any TrustStore)? = nil
    ) -> SystemInstaller {
        let files = DurableFiles(calls: calls)
        return SystemInstaller(
            root: folder,
            SystemInstaller.Surroundings(
                configuration: { [self] in configuration.withLock { $0 } },
                policy: InstallationPolicy(cryptography: OpenSSL()), files: files,
                trustStore: store ?? DebianTrustStore(root: folder, files: files),
                ownership: Ownership(owner: geteuid(), group: getegid()) { $0 == "clients" ? getegid() : nil },
                deviceFacts: { DeviceFacts(productSerial: "SN1", productUUID: nil) }, now: { TestTime.now }))
    }

    /// What a reader finds through `current`.
    func read(_ file: String, of profile: ProfileName) throws -> [UInt8] {
        try DurableFiles().read("\(published)/\(profile)/current/\(file)", limit: 100_000)
    }

    func mode(_ file: String, of profile: ProfileName) throws -> UInt32? {
        try DurableFiles().status(of: "\(published)/\(profile)/current/\(file)")?.mode
    }
}

/// A trust store that holds what it is told, and does nothing.
struct StillStore: TrustStore {
    var anchors: Set<[UInt8]> = []

    func localFiles() throws -> [String] { [] }
    func apply(_ plan: AnchorPlan) throws {}
    func bundle() throws -> Set<[UInt8]> { anchors }
}
