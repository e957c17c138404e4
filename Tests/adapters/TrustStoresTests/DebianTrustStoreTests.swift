import DurableFiles
import Faults
import FoundationEssentials
import Glibc
import Installation
import OpenSSLCrypto
import Profiles
import TestFiles
import TestInstallation
import TestPKI
import Testing
import TrustStores
import X509

// The adapter has exactly what the port asks for.
extension DurableFiles: InstalledFiles {}

/// With the real update-ca-certificates, below a scratch folder.
struct DebianTrustStoreTests {
    private let policy = InstallationPolicy(cryptography: OpenSSL())
    private let files = DurableFiles(calls: RecordingFileSystem())

    private func plan(_ root: RootFiles?, existing: [String] = []) throws -> AnchorPlan {
        let configuration = try root?.configuration() ?? RootConfiguration(profiles: [:])
        return try policy.anchors(for: root?.name, configuration: configuration, existing: existing)
    }

    @Test func `an anchor is in the bundle after it was applied, and gone after it was removed`() throws {
        let root = try RootFiles()
        try withScratchFolder { folder in
            let store = DebianTrustStore(root: folder, files: files)
            #expect(try store.localFiles() == [])
            #expect(try store.bundle() == [])
            let wanted = try plan(root)
            try store.apply(wanted)
            #expect(try store.bundle() == [root.root.certificate.der])
            let name = try #require(wanted.wanted.first?.name)
            #expect(try store.localFiles() == [name])
            #expect(try store.installedAnchors() == [root.root.certificate])
            let path = "\(folder)/usr/local/share/ca-certificates/\(name)"
            #expect(try files.status(of: path)?.mode == 0o644)
            #expect(try files.status(of: "\(folder)/etc/ssl/certs/ca-certificates.crt")?.mode == 0o644)

            try store.apply(plan(nil, existing: store.localFiles()))
            #expect(try store.localFiles() == [])
            #expect(try store.bundle() == [])
            #expect(try entries("\(folder)/etc/ssl/certs") == ["ca-certificates.crt"])
        }
    }

    @Test func `an anchor of Signet's that cannot be read is not taken for none`() throws {
        let root = try RootFiles()
        try withScratchFolder { folder in
            let store = DebianTrustStore(root: folder, files: files)
            #expect(try store.installedAnchors() == [])
            try store.apply(plan(root))
            let name = try #require(try store.localFiles().first)
            try files.replace("\(folder)/usr/local/share/ca-certificates/\(name)", with: Array("#".utf8), mode: 0o644)
            #expect(throws: InstallationFault.self) { try store.installedAnchors() }
        }
    }

    @Test func `the bundle is on disk before it counts`() throws {
        let root = try RootFiles()
        try withScratchFolder { folder in
            let calls = RecordingFileSystem()
            let store = DebianTrustStore(root: folder, files: DurableFiles(calls: calls))
            try store.apply(plan(root))
            let syncs = calls.calls.filter { $0.hasPrefix("sync") }
            #expect(syncs.suffix(2) == ["sync regular", "sync directory"])
            try store.apply(plan(root, existing: store.localFiles()))
            #expect(calls.calls.filter { $0.hasPrefix("sync") }.count == syncs.count)
        }
    }

    @Test func `an admin's own anchors stay`() throws {
        let root = try RootFiles()
        let own = try CertificateOrder.authority("CN=Corporate", key: .other).issue().certificate
        try withScratchFolder { folder in
            let store = DebianTrustStore(root: folder, files: files)
            try files.makeDirectories("\(folder)/usr/local/share/ca-certificates")
            let path = "\(folder)/usr/local/share/ca-certificates/corporate.crt"
            try files.replace(path, with: own.pem, mode: 0o644)
            try store.apply(plan(root))
            #expect(try store.bundle() == [root.root.certificate.der, own.der])
            #expect(try store.installedAnchors() == [root.root.certificate])
            try store.apply(plan(nil, existing: store.localFiles()))
            #expect(try store.bundle() == [own.der])
        }
    }

    @Test func `nothing is run where nothing changed`() throws {
        let root = try RootFiles()
        try withScratchFolder { folder in
            try DebianTrustStore(root: folder, files: files).apply(plan(root))
            let calls = RecordingFileSystem()
            let idle = DebianTrustStore(
                root: folder, files: DurableFiles(calls: calls), tool: "\(folder)/no-such-tool")
            try idle.apply(plan(root))
            #expect(!calls.calls.contains("rename"))
            // A bundle that lost the anchor is a reason to run it.
            try files.replace("\(folder)/etc/ssl/certs/ca-certificates.crt", with: [], mode: 0o644)
            #expect(throws: InstallationFault.self) { try idle.apply(plan(root)) }
        }
    }

    @Test func `a removal that did not come to its end is finished next time`() throws {
        let root = try RootFiles()
        try withScratchFolder { folder in
            let store = DebianTrustStore(root: folder, files: files)
            try store.apply(plan(root))
            let broken = DebianTrustStore(root: folder, files: files, tool: "\(folder)/no-such-tool")
            #expect(throws: InstallationFault.self) {
                try broken.apply(plan(nil, existing: broken.localFiles()))
            }
            #expect(try store.localFiles() == [])
            #expect(try store.bundle() == [root.root.certificate.der])
            try store.apply(plan(nil))
            #expect(try store.bundle() == [])
        }
    }

    @Test func `a tool that fails is quoted, one that hangs is killed with its children`() throws {
        let root = try RootFiles()
        try withScratchFolder { folder in
            let failing = "\(folder)/failing"
            try files.replace(failing, with: Array("#!/bin/sh\necho no luck >&2\nexit 3\n".utf8), mode: 0o755)
            let fault = #expect(throws: InstallationFault.self) {
                try DebianTrustStore(root: folder, files: files, tool: failing).apply(plan(root))
            }
            #expect(fault?.code == .trustStoreFailed)
            #expect(fault?.got?.contains("no luck") == true)

            let hanging = "\(folder)/hanging"
            let script = "#!/bin/sh\nsleep 1000 &\necho $! >\(folder)/child\nwait\n"
            try files.replace(hanging, with: Array(script.utf8), mode: 0o755)
            let late = #expect(throws: InstallationFault.self) {
                try DebianTrustStore(root: folder, files: files, tool: hanging, deadline: 1).apply(plan(root))
            }
            #expect(late?.code == .trustStoreFailed)
            let text = String(decoding: try files.read("\(folder)/child", limit: 20).dropLast(), as: UTF8.self)
            let child = try #require(pid_t(text))
            #expect(hasEnded(child))
        }
    }

    @Test func `a link planted for an anchor is not followed`() throws {
        let root = try RootFiles()
        try withScratchFolder { folder in
            let store = DebianTrustStore(root: folder, files: files)
            let name = try #require(try plan(root).wanted.first?.name)
            try files.makeDirectories("\(folder)/usr/local/share/ca-certificates")
            try files.replace("\(folder)/victim", with: [1], mode: 0o600)
            try files.createSymlinkAtomically(
                target: "\(folder)/victim", at: "\(folder)/usr/local/share/ca-certificates/\(name)")
            #expect(throws: InstallationFault.self) { try store.apply(plan(root)) }
            #expect(try files.read("\(folder)/victim", limit: 9) == [1])
        }
    }

    /// Whether a killed process is gone, or only awaits being reaped by whoever adopted it.
    private func hasEnded(_ process: pid_t) -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            guard kill(process, 0) == 0, let status = FileManager.default.contents(atPath: "/proc/\(process)/stat")
            else { return true }
            if String(decoding: status, as: UTF8.self).contains(") Z ") { return true }
            sched_yield()
        }
        return false
    }
}
