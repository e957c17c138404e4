import Enrollment
import FoundationEssentials
import Profiles
import SCEP
import Secrets
import TestFiles
import TestPKI
import Testing
import X509

@testable import SignetAgent

@Suite("A profile's folder")
struct ProfileStoreTests {
    private let files = MemoryFiles()
    private let store: ProfileStore
    private let issued: IssuedCertificate

    init() throws {
        store = ProfileStore(try #require(ProfileName("office")), files: files)
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        let device = try CertificateOrder("CN=device", key: .device, issuer: root).issue()
        issued = IssuedCertificate(leaf: device.certificate, chain: [], root: root.certificate)
    }

    @Test func `an issued certificate turns pending into the next generation`() throws {
        for number in 1...2 {
            try preparePending()
            let generation = try store.commitPending(issued, at: TestTime.now)
            #expect(generation.number == number)
            #expect(try store.latestGeneration() == generation)
        }
        #expect(try !store.hasPending)
        #expect(
            try files.names(in: "profiles/office/generations/0002")
                == ["certificate.der", "chain.pem", "key.pem", "meta.json"])
        #expect(try store.key(of: 2)?.count == 3)
    }

    @Test func `without the rename nothing has happened`() throws {
        try preparePending()
        files.isFull = true
        #expect(throws: MemoryFiles.DiskFull.self) { try store.commitPending(issued, at: TestTime.now) }
        files.isFull = false
        #expect(try store.latestGeneration() == nil)
        #expect(try store.hasPending)
        #expect(try store.pendingKey()?.count == 3)
    }

    @Test func `a commit that was renamed and not synced is ended by the next try`() throws {
        try preparePending()
        files.losesSyncs = true
        #expect(throws: MemoryFiles.NotSynced.self) { try store.commitPending(issued, at: TestTime.now) }
        files.losesSyncs = false
        #expect(try store.commitPending(issued, at: TestTime.now).number == 1)
        #expect(try store.latestGeneration()?.certificate == issued.leaf)
        #expect(
            try files.names(in: "profiles/office/generations/0001")
                == ["certificate.der", "chain.pem", "key.pem", "meta.json"])
    }

    @Test func `a commit that was cut short before its rename is ended, one that has not written all is not`() throws {
        try preparePending()
        let generation = try store.commitPending(issued, at: TestTime.now)
        #expect(try !store.hasCutCommit)
        try files.rename("profiles/office/generations/0001", to: "profiles/office/pending")
        #expect(try store.latestGeneration() == nil)
        #expect(try store.hasCutCommit)
        try store.finishCommit()
        #expect(try store.latestGeneration() == generation)
        #expect(try !store.hasCutCommit)

        try preparePending()
        try files.write(issued.leaf.der, to: "profiles/office/pending/certificate.der", mode: 0o600)
        #expect(try !store.hasCutCommit)
        // A crash may have left a file without its content.
        _ = try store.commitPending(issued, at: TestTime.now)
        try files.rename("profiles/office/generations/0002", to: "profiles/office/pending")
        #expect(try store.hasCutCommit)
        for name in ["certificate.der", "meta.json"] {
            let path = "profiles/office/pending/\(name)"
            let whole = try #require(try files.read(path, limit: 100_000))
            try files.write([], to: path, mode: 0o600)
            #expect(try !store.hasCutCommit)
            try files.write(whole, to: path, mode: 0o600)
        }
    }

    @Test func `a commit whose certificate is not the one that was written is none, however well it reads`() throws {
        try preparePending()
        _ = try store.commitPending(issued, at: TestTime.now)
        try files.rename("profiles/office/generations/0001", to: "profiles/office/pending")
        // The signature's last byte was not on the disk yet.
        try files.write(
            issued.leaf.der.dropLast() + [0], to: "profiles/office/pending/certificate.der", mode: 0o600)
        #expect(try !store.hasCutCommit)
    }

    @Test(arguments: ["certificate.der", "meta.json", "chain.pem"], [nil, [], [0xA5, 0]] as [[UInt8]?])
    func `any one file beside the key may be damaged`(name: String, content: [UInt8]?) throws {
        let issuing = try CertificateOrder.authority("CN=issuing", key: .issuing).issue().certificate
        try preparePending()
        let whole = try store.commitPending(
            IssuedCertificate(leaf: issued.leaf, chain: [issuing], root: issued.root), at: TestTime.now)
        let path = "profiles/office/generations/0001/\(name)"
        if let content { try files.write(content, to: path, mode: 0o600) } else { try files.remove(path) }
        let found = try #require(try store.latestGeneration())
        #expect(found.certificate == whole.certificate)
        #expect(found.chain == whole.chain)
    }

    @Test func `where the newest generation is of no use the one before it is`() throws {
        for _ in 1...2 {
            try preparePending()
            _ = try store.commitPending(issued, at: TestTime.now)
        }
        var asked = 0
        let second = try store.latestGeneration { _, _ in
            asked += 1
            return asked == 2
        }
        #expect(second?.number == 1)
        try files.remove("profiles/office/generations/0002/key.pem")
        #expect(try store.latestGeneration()?.number == 1)
        // Its number is not given again.
        try preparePending()
        #expect(try store.commitPending(issued, at: TestTime.now).number == 3)
    }

    @Test func `a state that is gone from beside a request is lost, not new`() throws {
        try store.keep(profile: [1])
        #expect(try store.loadState().state == EnrollmentState())
        try preparePending()
        #expect(throws: LostState.self) { try store.loadState() }
    }

    @Test func `what a killed process wrote is on disk before it takes its number`() throws {
        try withScratchFolder { folder in
            let calls = RecordingFileSystem()
            let store = ProfileStore(try #require(ProfileName("office")), files: ScratchFiles(folder, calls))
            let path = "\(folder)/profiles/office"
            try store.save(PendingKey(key: [1, 2, 3].withUnsafeBytes { Secret(copying: $0) }, signer: nil))
            _ = try store.commitPending(issued, at: TestTime.now)
            try FileManager.default.moveItem(atPath: "\(path)/generations/0001", toPath: "\(path)/pending")
            try FileManager.default.removeItem(atPath: "\(path)/pending/chain.pem")
            #expect(try store.hasCutCommit)
            let before = calls.calls.count
            try store.finishCommit()
            let steps = calls.calls.dropFirst(before).filter { $0.hasPrefix("sync") || $0 == "rename" }
            // chain.pem takes its name, everything is synced, the folder takes its own.
            let files = [String](repeating: "sync regular", count: 4)
            #expect(Array(steps.prefix(7)) == ["rename"] + files + ["sync directory", "rename"])
            #expect(
                try entries("\(path)/generations/0001") == ["certificate.der", "chain.pem", "key.pem", "meta.json"])
        }
    }

    @Test func `the generation before the current one is kept, older ones go`() throws {
        for _ in 1...3 {
            try preparePending()
            _ = try store.commitPending(issued, at: TestTime.now)
        }
        try store.prune(before: 3, foreign: nil)
        #expect(try files.names(in: "profiles/office/generations") == ["0002", "0003"])
    }

    @Test func `a request is complete once its last file is there`() throws {
        try store.save(PendingKey(key: Secret(copying: UnsafeRawBufferPointer(start: nil, count: 0)), signer: nil))
        #expect(try !store.hasPending)
        #expect(try store.pendingRequest() == nil)
        try preparePending()
        #expect(try store.hasPending)
        #expect(try store.pendingRequest()?.message == [1, 2, 3])
    }

    @Test(arguments: ["key.pem", "request.der", "transaction.json"])
    func `a request that lacks a part is none: nobody asks after it for ever`(part: String) throws {
        try preparePending()
        try files.remove("profiles/office/pending/\(part)")
        #expect(try !store.hasPending)
    }

    @Test(arguments: ["key.pem", "request.der", "transaction.json"])
    func `what the disk did not take, and said that it did, is neither sent nor counted`(name: String) throws {
        files.swallowed = "pending/" + name
        #expect(throws: NotReadBack.self) { try preparePending() }
        #expect(try store.latestGeneration() == nil)
        files.swallowed = nil
        try preparePending()
        #expect(try store.commitPending(issued, at: TestTime.now).number == 1)
    }

    private func preparePending() throws {
        try store.save(PendingKey(key: [UInt8]([7, 8, 9]).withUnsafeBytes { Secret(copying: $0) }, signer: nil))
        try store.savePending(
            PendingRequest(
                id: "A", type: "19", senderNonce: Data(), server: "http://x", subject: Data(), signer: nil,
                signerGeneration: nil, renews: nil, message: [1, 2, 3]))
    }
}
