import DurableFiles
import Faults
import FoundationEssentials
import Installation
import OpenSSLCrypto
import SignetInstaller
import TestFiles
import TestInstallation
import TestPKI
import Testing
import X509

struct PublishTests {
    @Test func `a generation is published with its modes, its link and its anchors`() async throws {
        var files = try RootFiles()
        files.group = "clients"
        let (leaf, issuing) = (try files.leaf(), files.issuing.certificate)
        try await withScratchFolder { [files] folder in
            let bench = try Bench(folder, files)
            let identity = try await bench.installer().publish(files.publication(leaf, chain: [issuing]))
            let digest = { (bytes: [UInt8]) in Hexadecimal.string(OpenSSL().sha256(bytes)).lowercased() }
            #expect(
                identity
                    == PublishedIdentity(
                        generation: 1, sha256: digest(leaf.der), anchors: [digest(files.root.certificate.der)]))
            #expect(try bench.read("cert.pem", of: files.name) == leaf.pem)
            #expect(try bench.read("chain.pem", of: files.name) == issuing.pem)
            #expect(try bench.read("fullchain.pem", of: files.name) == leaf.pem + issuing.pem)
            #expect(try bench.read("key.pem", of: files.name) == TestKey.device.pem)
            #expect(
                try bench.read("combined.pem", of: files.name) == TestKey.device.pem + leaf.pem + issuing.pem)
            for name in ["cert.pem", "chain.pem", "fullchain.pem"] {
                #expect(try bench.mode(name, of: files.name) == 0o644)
            }
            for name in ["key.pem", "combined.pem"] { #expect(try bench.mode(name, of: files.name) == 0o640) }
            #expect(try DurableFiles().linkTarget("\(bench.published)/access/current") == "gen-0001")
        }
    }

    @Test func `without a group the key is root's alone, and a group that is missing is named`() async throws {
        var files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            _ = try await bench.installer().publish(files.publication(leaf))
            #expect(try bench.mode("key.pem", of: files.name) == 0o600)
            files.group = "nobody-here"
            try bench.set(files)
            let publication = files.publication(leaf)
            let fault = await #expect(throws: InstallationFault.self) {
                _ = try await bench.installer().publish(publication)
            }
            #expect(fault?.code == .configurationRefused)
            #expect(fault?.text.contains("groupadd --system nobody-here") == true)
            // The group that root names later is given the key in place.
            files.group = "clients"
            try bench.set(files)
            _ = try await bench.installer().publish(files.publication(leaf))
            #expect(try bench.mode("key.pem", of: files.name) == 0o640)
        }
    }

    @Test func `publishing the same generation again writes nothing`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            let first = try await bench.installer().publish(files.publication(leaf))
            let calls = RecordingFileSystem()
            let again = try await bench.installer(calls: calls).publish(files.publication(leaf))
            #expect(first == again)
            #expect(!calls.calls.contains("rename"))
            #expect(!calls.calls.contains("unlink"))
        }
    }

    @Test func `a generation is on disk before the link leads to it`() async throws {
        let files = try RootFiles()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            for generation in 1...2 {
                let leaf = try files.leaf { $0.notBefore = TestTime.begin.addingTimeInterval(Double(generation)) }
                let calls = RecordingFileSystem()
                _ = try await bench.installer(calls: calls, store: StillStore(anchors: [files.root.certificate.der]))
                    .publish(
                        files.publication(leaf, generation: generation))
                let steps = calls.calls.filter { $0.hasPrefix("sync") || ["rename", "makeLink"].contains($0) }
                let link = try #require(steps.firstIndex(of: "makeLink"))
                // The files, their folder, and the one that it lies in; then the link.
                let written = [String](repeating: "sync regular", count: 5) + ["sync directory", "sync directory"]
                #expect(Array(steps[..<link].suffix(7)) == written)
                #expect(Array(steps[link...]) == ["makeLink", "rename", "sync directory"])
            }
        }
    }

    @Test func `the previous generation is kept, older ones go`() async throws {
        let files = try RootFiles()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            for generation in 1...3 {
                let leaf = try files.leaf { $0.notBefore = TestTime.begin.addingTimeInterval(Double(generation)) }
                _ = try await bench.installer().publish(files.publication(leaf, generation: generation))
            }
            #expect(try entries("\(bench.published)/access") == ["current", "gen-0002", "gen-0003"])
            #expect(try DurableFiles().linkTarget("\(bench.published)/access/current") == "gen-0003")
        }
    }

    @Test func `a number that is current with another certificate does not change under its readers`() async throws {
        let files = try RootFiles()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            for (serial, target) in [(1, "gen-0001"), (2, "gen-0001-again"), (2, "gen-0001-again"), (3, "gen-0001")] {
                let leaf = try files.leaf { $0.serial = UInt64(serial) }
                _ = try await bench.installer().publish(files.publication(leaf))
                #expect(try bench.read("cert.pem", of: files.name) == leaf.pem)
                #expect(try DurableFiles().linkTarget("\(bench.published)/access/current") == target)
            }
        }
    }

    @Test func `what was changed behind the installer's back is put right by the next request`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            _ = try await bench.installer().publish(files.publication(leaf))
            let disk = DurableFiles()
            try disk.replace("\(bench.published)/access/gen-0001/key.pem", with: [1], mode: 0o644)
            _ = try await bench.installer().publish(files.publication(leaf))
            #expect(try bench.read("key.pem", of: files.name) == TestKey.device.pem)
            #expect(try bench.mode("key.pem", of: files.name) == 0o600)
        }
    }

    @Test func `a bundle without the anchor is a failure, but the identity is published`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let bench = try Bench(folder, files)
            let fault = await #expect(throws: InstallationFault.self) {
                _ = try await bench.installer(store: StillStore()).publish(files.publication(leaf))
            }
            #expect(fault?.code == .trustStoreFailed)
            #expect(try bench.read("cert.pem", of: files.name) == leaf.pem)
        }
    }
}
