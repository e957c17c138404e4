import DurableFiles
import Faults
import Glibc
import Installation
import Profiles
import SignetInstaller
import TOMLConfiguration
import TestFiles
import TestInstallation
import TestPKI
import Testing
import X509

/// Root's files as they lie on the disk, and who may have touched them.
struct ConfigurationTests {
    private let disk = DurableFiles(calls: RecordingFileSystem())

    /// Writes a profile and its CA below the folder, all owned by whoever runs the tests.
    private func write(_ files: RootFiles, below folder: String) throws {
        try disk.makeDirectories("\(folder)/etc/signet/profiles.d")
        try disk.makeDirectories("\(folder)/etc/signet/anchors")
        try disk.replace("\(folder)/etc/signet/anchors/issuing.pem", with: files.issuing.certificate.pem, mode: 0o644)
        let pin = Hexadecimal.string(files.pins.joined()).lowercased()
        let text = """
            [scep]
            url = "http://pki.example.com/scep"
            ca-fingerprint = ["sha256:\(pin)"]
            [subject]
            name = "CN=${serial_number},O=Example"
            [install]
            chain = ["/etc/signet/anchors/issuing.pem"]
            """
        try disk.replace("\(folder)/etc/signet/profiles.d/access.toml", with: Array(text.utf8), mode: 0o644)
    }

    private func configuration(below folder: String) throws -> RootConfiguration {
        let root = ConfigurationFolder(root: folder, ownership: .rootOnly(uid: geteuid()))
        return try RootReader(
            profiles: {
                try root.profiles().compactMap { entry in
                    entry.name.map { (name: $0, result: entry.result.mapError { $0 as any Error }) }
                }
            },
            certificates: { try PEM.certificates(in: try root.readCertificates($0)) },
            facts: { [.serialNumber: "SN1"] }
        ).configuration()
    }

    @Test func `a profile is complete with its certificates and its rendered subject`() throws {
        let files = try RootFiles()
        try withScratchFolder { folder in
            try write(files, below: folder)
            let profile = try configuration(below: folder).profile(files.name)
            #expect(profile.chain == [files.issuing.certificate])
            #expect(profile.subject.name == (try DistinguishedName(rfc4514: "CN=SN1,O=Example")))
        }
    }

    @Test(arguments: ["profiles.d/access.toml", "profiles.d", "anchors/issuing.pem", "anchors", ""])
    func `what others can write does not count`(path: String) throws {
        let files = try RootFiles()
        try withScratchFolder { folder in
            try write(files, below: folder)
            #expect(chmod("\(folder)/etc/signet/\(path)", 0o775) == 0)
            let fault = #expect(throws: InstallationFault.self) {
                _ = try configuration(below: folder).profile(files.name)
            }
            #expect(fault?.code == .configurationRefused)
            #expect(fault?.text.contains("signet") == true)
        }
    }

    @Test func `one broken profile leaves the others alone`() throws {
        let files = try RootFiles()
        try withScratchFolder { folder in
            try write(files, below: folder)
            try disk.replace("\(folder)/etc/signet/profiles.d/broken.toml", with: Array("[".utf8), mode: 0o644)
            let configuration = try configuration(below: folder)
            #expect(try configuration.profile(files.name).profile.name == files.name)
            let fault = #expect(throws: InstallationFault.self) {
                _ = try configuration.profile(ProfileName.required("broken"))
            }
            #expect(fault?.code == .configurationRefused)
        }
    }
}
