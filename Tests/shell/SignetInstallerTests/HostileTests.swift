import DurableFiles
import Faults
import FoundationEssentials
import Installation
import Profiles
import SignetInstaller
import TestFiles
import TestInstallation
import TestPKI
import Testing
import X509

/// A signetd that was taken over, and a published folder that somebody prepared.
struct HostileTests {
    private func expectRefusal(
        _ code: InstallationFaultCode, _ installer: SystemInstaller, _ publication: Publication,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let fault = await #expect(throws: InstallationFault.self, sourceLocation: sourceLocation) {
            _ = try await installer.publish(publication)
        }
        #expect(fault?.code == code, "\(fault?.text ?? "")", sourceLocation: sourceLocation)
    }

    @Test func `a refused request changes nothing on disk`() async throws {
        let files = try RootFiles()
        let stranger = try CertificateOrder.authority("CN=Stranger", key: .other).issue()
        let good = try files.leaf { $0.notBefore = TestTime.begin.addingTimeInterval(60) }
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            let installer = bench.installer()
            _ = try await installer.publish(files.publication(good))
            let before = try tree(folder)
            let foreign = try files.leaf {
                $0.issuer = stranger
                $0.notBefore = good.notBefore
            }
            let authority = try files.leaf { $0.isAuthority = true }
            let other = try files.leaf { $0.subject = "CN=device-2,O=Example" }
            let next = { (leaf: Certificate) in files.publication(leaf, generation: 2) }
            await expectRefusal(.keyMismatch, installer, files.publication(good, generation: 2, key: .other))
            await expectRefusal(
                .untrustedPath, installer,
                files.publication(foreign, generation: 2, chain: [stranger.certificate]))
            await expectRefusal(
                .untrustedPath, installer,
                files.publication(good, generation: 2, chain: [stranger.certificate]))
            await expectRefusal(.unfitCertificate, installer, next(authority))
            await expectRefusal(.unfitCertificate, installer, next(other))
            await expectRefusal(.olderThanPublished, installer, next(try files.leaf()))
            #expect(try tree(folder) == before)
        }
    }

    @Test func `a profile that root's files do not name is refused`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            try bench.set(nil)
            await expectRefusal(.unknownProfile, bench.installer(), files.publication(leaf))
            #expect(try entries(folder) == [])
        }
    }

    @Test func `an intermediate among the anchors stops the publication before anything is written`() async throws {
        var files = try RootFiles()
        files.anchors = [files.issuing.certificate]
        try await withScratchFolder { [files] folder in
            let bench = try Bench(folder, files)
            await expectRefusal(
                .configurationRefused, bench.installer(), files.publication(try files.leaf()))
            #expect(try entries(folder) == [])
        }
    }

    @Test(arguments: ["access", "access/gen-0001", "access/current"])
    func `a link planted in the published folder leads nowhere`(planted: String) async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            let disk = DurableFiles()
            try disk.makeDirectories("\(folder)/elsewhere")
            try disk.replace("\(folder)/elsewhere/cert.pem", with: [1], mode: 0o600)
            let path = "\(bench.published)/\(planted)"
            try disk.makeDirectories(String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)))
            try disk.createSymlinkAtomically(target: "\(folder)/elsewhere", at: path)
            if planted == "access" {
                await expectRefusal(.writeFailed, bench.installer(), files.publication(leaf))
            } else {
                _ = try await bench.installer().publish(files.publication(leaf))
                #expect(try bench.read("cert.pem", of: files.name) == leaf.pem)
            }
            #expect(try entries("\(folder)/elsewhere") == ["cert.pem"])
            #expect(try disk.read("\(folder)/elsewhere/cert.pem", limit: 9) == [1])
        }
    }

    @Test func `a link planted in place of a published file is refused`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            _ = try await bench.installer().publish(files.publication(leaf))
            let disk = DurableFiles()
            try disk.replace("\(folder)/victim", with: [1], mode: 0o600)
            let path = "\(bench.published)/access/gen-0001/key.pem"
            try disk.removeFile(path)
            try disk.createSymlinkAtomically(target: "\(folder)/victim", at: path)
            await expectRefusal(.writeFailed, bench.installer(), files.publication(leaf))
            #expect(try disk.read("\(folder)/victim", limit: 9) == [1])
        }
    }
}
