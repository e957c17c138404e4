import DurableFiles
import FoundationEssentials
import Installation
import OpenSSLCrypto
import SignetInstaller
import TestFiles
import TestInstallation
import TestPKI
import Testing
import X509

/// The power goes at any moment of a publication, and what was not synced is there, gone or torn.
@Suite("A power cut", .timeLimit(.minutes(5)))
struct PowerCutTests {
    private let files: RootFiles
    private let old: Certificate
    private let new: Certificate
    private let store: StillStore

    init() throws {
        files = try RootFiles()
        old = try files.leaf()
        new = try files.leaf {
            $0.key = .renewed
            $0.notBefore = TestTime.begin.addingTimeInterval(60)
        }
        store = StillStore(anchors: [files.root.certificate.der])
    }

    @Test func `readers find what was confirmed or what came after it, whole, and the next request succeeds`()
        async throws
    {
        let disk = SimulatedDisk()
        let installer = try Bench("", files).installer(calls: disk, store: store)
        _ = try await installer.publish(files.publication(old))
        disk.mark(1)
        _ = try await installer.publish(files.publication(new, generation: 2, key: .renewed))
        disk.mark(2)
        // What somebody altered is put right in place.
        try DurableFiles(calls: disk).removeFile("/etc/ssl/signet/access/gen-0002/chain.pem")
        _ = try await installer.publish(files.publication(new, generation: 2, key: .renewed))
        disk.mark(3)
        let (cuts, prefixes, cases) = PowerCut.all(after: disk.operations, on: disk.base)
        #expect(prefixes > disk.operations.count && cases > 2 * prefixes && cuts.count > prefixes / 3)
        print("counted: \(prefixes) prefixes, \(cases) power cuts, \(cuts.count) different disks")
        var found: [Int: Set<Int>] = [:]
        for cut in cuts {
            let when: Comment = "after operation \(cut.prefix), \(cut.fate)"
            let disk = SimulatedDisk(cut.image)
            found[cut.mark ?? 0, default: []].insert(try generation(on: disk, when))
            let again = try Bench("", files).installer(calls: disk, store: store)
            _ = try await again.publish(files.publication(new, generation: 2, key: .renewed))
            #expect(try generation(on: disk, when) == 2, "\(when)")
            #expect(
                try entries("gen-0002", on: disk) == [
                    "cert.pem", "chain.pem", "combined.pem", "fullchain.pem", "key.pem",
                ], "\(when)")
            #expect(disk.openCount == 0, "\(when)")
        }
        #expect(found == [0: [0, 1], 1: [1, 2], 2: [2], 3: [2]])
    }

    /// The generation that readers get: whole, its key theirs alone; 0 where there is none yet.
    private func generation(on disk: SimulatedDisk, _ when: Comment) throws -> Int {
        let published = DurableFiles(calls: disk)
        let folder = "/etc/ssl/signet/access"
        guard (try? published.linkTarget("\(folder)/current")) ?? nil != nil else { return 0 }
        let certificate = try published.read("\(folder)/current/cert.pem", limit: 10_000)
        let key = try published.read("\(folder)/current/key.pem", limit: 10_000)
        let isNew = certificate == new.pem
        #expect(certificate == (isNew ? new : old).pem, "\(when)")
        #expect(key == (isNew ? TestKey.renewed : .device).pem, "\(when)")
        let combined = try published.read("\(folder)/current/combined.pem", limit: 100_000)
        #expect(combined.starts(with: key + certificate), "\(when)")
        for name in ["key.pem", "combined.pem"] {
            #expect(try published.status(of: "\(folder)/current/\(name)")?.mode == 0o600, "\(when)")
        }
        return isNew ? 2 : 1
    }

    private func entries(_ name: String, on disk: SimulatedDisk) throws -> [String] {
        try DurableFiles(calls: disk).list("/etc/ssl/signet/access/\(name)")
    }
}
