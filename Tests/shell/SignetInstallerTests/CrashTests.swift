import DurableFiles
import Faults
import FoundationEssentials
import Installation
import SignetInstaller
import TestFiles
import TestInstallation
import TestPKI
import Testing
import X509

/// The power goes, or the disk fills up, at any file call of a publication.
struct CrashTests {
    @Test func `readers see the old pair or the new one, and the next request succeeds`() async throws {
        let files = try RootFiles()
        let old = try files.leaf()
        let new = try files.leaf {
            $0.key = .renewed
            $0.notBefore = TestTime.begin.addingTimeInterval(60)
        }
        let store = StillStore(anchors: [files.root.certificate.der])
        let renewal = files.publication(new, generation: 2, key: .renewed)
        let calls = try await withScratchFolder { folder in
            let calls = RecordingFileSystem()
            let bench = try Bench(folder, files)
            _ = try await bench.installer(store: store).publish(files.publication(old))
            _ = try await bench.installer(calls: calls, store: store).publish(renewal)
            return calls.calls
        }
        // Calls that only look leave the disk as the one before them.
        let looks: Set = ["status", "names", "read", "linkTarget", "close"]
        let changes = calls.indices.filter { !looks.contains(calls[$0]) }
        #expect(changes.count > 50)
        var sawOld = 0
        for index in changes {
            try await withScratchFolder { folder in
                let bench = try Bench(folder, files)
                _ = try await bench.installer(store: store).publish(files.publication(old))
                let calls = RecordingFileSystem(failing: index, with: .noSpace, staysDown: true)
                _ = try? await bench.installer(calls: calls, store: store).publish(renewal)

                let certificate = try bench.read("cert.pem", of: files.name)
                let key = try bench.read("key.pem", of: files.name)
                let isOld = certificate == old.pem && key == TestKey.device.pem
                let isNew = certificate == new.pem && key == TestKey.renewed.pem
                #expect(isOld || isNew, "call \(index)")
                if isOld { sawOld += 1 }
                #expect(try bench.read("combined.pem", of: files.name).starts(with: key), "call \(index)")
                #expect(try bench.mode("key.pem", of: files.name) == 0o600, "call \(index)")

                _ = try await bench.installer(store: store).publish(renewal)
                #expect(try bench.read("cert.pem", of: files.name) == new.pem, "call \(index)")
                #expect(
                    try entries("\(bench.published)/access") == ["current", "gen-0001", "gen-0002"],
                    "call \(index)")
                #expect(try entries("\(bench.published)/access/gen-0002").count == 5, "call \(index)")
            }
        }
        // Both sides of the switch were seen.
        #expect(sawOld > 30)
        #expect(sawOld < changes.count)
    }
}
