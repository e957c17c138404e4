import DurableFiles
import Faults
import Installation
import SignetInstaller
import TestFiles
import TestInstallation
import TestPKI
import Testing
import TrustStores
import X509

struct WithdrawTests {
    @Test func `a profile is withdrawn with its anchors once root's files do not name it`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            let installer = bench.installer()
            _ = try await installer.publish(files.publication(leaf))
            let fault = await #expect(throws: InstallationFault.self) { try await installer.withdraw(files.name) }
            #expect(fault?.code == .stillConfigured)
            #expect(try bench.read("cert.pem", of: files.name) == leaf.pem)

            try bench.set(nil)
            try await installer.withdraw(files.name)
            #expect(try entries(bench.published) == [])
            #expect(try DebianTrustStore(root: folder, files: DurableFiles()).bundle() == [])
            try await installer.withdraw(files.name)
        }
    }

    @Test func `an anchor that root's file no longer lists goes with the next publication`() async throws {
        var files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            _ = try await bench.installer().publish(files.publication(leaf))
            files.anchors = []
            try bench.set(files)
            #expect(try await bench.installer().publish(files.publication(leaf)).anchors == [])
            #expect(try DebianTrustStore(root: folder, files: DurableFiles()).bundle() == [])
        }
    }
}
