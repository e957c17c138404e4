import Glibc
import Profiles
import TOMLConfiguration
import TestFiles
import Testing

struct ConfigurationFolderTests {
    private let scratch: ScratchFolder
    private let user = geteuid()

    init() throws { scratch = try ScratchFolder() }

    private func folder(_ ownership: ConfigurationFolder.Ownership = .any) -> ConfigurationFolder {
        ConfigurationFolder(root: scratch.path, ownership: ownership)
    }

    private func errors(_ body: () throws -> Void) throws -> String {
        try #require(throws: ConfigurationErrors.self) { try body() }.description
    }

    @Test func `nothing configured is no error`() throws {
        #expect(try folder().profiles().isEmpty)
        #expect(try folder().agentSettings() == AgentSettings())
        #expect(try folder().profile(try #require(ProfileName("a"))) == nil)
        #expect(try ConfigurationFolder(root: scratch.path + "/absent", ownership: .any).profiles().isEmpty)
    }

    @Test func `each file is a profile or its errors, by name`() throws {
        try scratch.write("/etc/signet/profiles.d/b.toml", Reading.text())
        try scratch.write("/etc/signet/profiles.d/a.toml", "")
        try scratch.write("/etc/signet/profiles.d/Bad_Name.toml", Reading.text())
        try scratch.write("/etc/signet/profiles.d/.hidden.toml", "")
        try scratch.write("/etc/signet/profiles.d/b.toml.dpkg-new", "")
        let entries = try ConfigurationFolder(root: scratch.path + "//", ownership: .any).profiles()
        #expect(
            entries.map(\.file) == ["Bad_Name", "a", "b"].map { "\(scratch.path)/etc/signet/profiles.d/\($0).toml" })
        #expect(entries.map(\.name) == [nil, ProfileName("a"), ProfileName("b")])
        #expect(try errors { _ = try entries[0].result.get() }.contains("rename it"))
        #expect(try errors { _ = try entries[1].result.get() }.contains("a.toml:1:1: scep.url is missing"))
        #expect(try entries[2].result.get() == folder().profile(try #require(ProfileName("b"))))
    }

    @Test func `profiles beyond the limit are errors and take none away`() throws {
        for index in 100..<165 { try scratch.write("/etc/signet/profiles.d/p\(index).toml", Reading.text()) }
        let results = try folder().profiles().map { (try? $0.result.get()) != nil }
        #expect(results == [Bool](repeating: true, count: 64) + [false])
    }

    @Test func `settings are read where there are some`() throws {
        try scratch.write("/etc/signet/signet.toml", "[agent]\nidle-exit = 3")
        #expect(try folder(.rootOnly(uid: user)).agentSettings().idleExit == 3)
    }

    @Test func `files of the right owner count`() throws {
        try scratch.write("/etc/signet/profiles.d/a.toml", Reading.text())
        try scratch.write("/etc/signet/anchors/root.pem", "pem")
        let folder = folder(.rootOnly(uid: user))
        #expect(try folder.profiles().count == 1)
        #expect(try folder.profile(try #require(ProfileName("a"))) != nil)
        #expect(try folder.readCertificates("/etc/signet/anchors/root.pem") == Array("pem".utf8))
    }

    @Test(
        arguments: ["/etc", "/etc/signet", "/etc/signet/profiles.d", "/etc/signet/profiles.d/a.toml"], [0o020, 0o002])
    func `what others may write does not count`(path: String, bits: Int) throws {
        try scratch.write("/etc/signet/profiles.d/a.toml", Reading.text())
        var status = stat()
        #expect(stat(scratch.path + path, &status) == 0)
        chmod(scratch.path + path, status.st_mode & 0o7777 | UInt32(bits))
        let text = try errors { _ = try folder(.rootOnly(uid: user)).profile(try #require(ProfileName("a"))) }
        #expect(text.hasPrefix("\(scratch.path)\(path): its group or others may write it"))
        #expect(text.hasSuffix("run: chmod go-w \(scratch.path)\(path)"))
        #expect(try folder(.any).profile(try #require(ProfileName("a"))) != nil)
    }

    @Test func `a file of another user does not count`() throws {
        try scratch.write("/etc/signet/profiles.d/a.toml", Reading.text())
        let text = try errors { _ = try folder(.rootOnly(uid: user + 1)).profiles() }
        #expect(
            text
                == "\(scratch.path)/etc: it belongs to user \(user), not \(user + 1); run: chown \(user + 1) \(scratch.path)/etc"
        )
    }

    @Test func `one bad file takes no other away`() throws {
        try scratch.write("/etc/signet/profiles.d/a.toml", Reading.text())
        try scratch.write("/etc/signet/profiles.d/b.toml", Reading.text())
        chmod(scratch.path + "/etc/signet/profiles.d/a.toml", 0o666)
        let results = try folder(.rootOnly(uid: user)).profiles().map { (try? $0.result.get()) != nil }
        #expect(results == [false, true])
    }

    @Test func `no link is followed below the root`() throws {
        try scratch.write("/etc/signet/profiles.d/a.toml", Reading.text())
        try scratch.write("/elsewhere/root.pem", "pem")
        #expect(symlink("a.toml", scratch.path + "/etc/signet/profiles.d/b.toml") == 0)
        #expect(symlink("../../elsewhere", scratch.path + "/etc/signet/anchors") == 0)
        let entries = try folder().profiles()
        #expect(entries.count == 2)
        #expect(try errors { _ = try entries[1].result.get() }.contains("symbolic link"))
        let text = try errors { _ = try folder().readCertificates("/etc/signet/anchors/root.pem") }
        #expect(text.hasPrefix("\(scratch.path)/etc/signet/anchors: it is a symbolic link"))
        #expect(try errors { _ = try folder().readCertificates("/etc/../elsewhere/root.pem") }.contains("leads upward"))
    }

    @Test func `what is no plain file, absent or too large is refused`() throws {
        try scratch.makeFolder("/etc/signet/anchors/folder.pem")
        #expect(mkfifo(scratch.path + "/etc/signet/anchors/fifo.pem", 0o644) == 0)
        try scratch.write("/etc/signet/anchors/large.pem", String(repeating: "x", count: 1024 * 1024 + 1))
        try scratch.write("/etc/signet/anchors/full.pem", String(repeating: "x", count: 1024 * 1024))
        for (file, reason) in [
            ("folder.pem", "no plain file"), ("fifo.pem", "no plain file"), ("large.pem", "more than 1048576"),
            ("absent.pem", "does not exist"),
        ] {
            #expect(try errors { _ = try folder().readCertificates("/etc/signet/anchors/\(file)") }.contains(reason))
        }
        #expect(try folder().readCertificates("/etc/signet/anchors/full.pem").count == 1024 * 1024)
    }

    @Test func `any file may be read to check it`() throws {
        try scratch.write("/a.toml", "x")
        #expect(try ConfigurationFolder.text(of: scratch.path + "/a.toml") == Array("x".utf8))
        #expect(try errors { _ = try ConfigurationFolder.text(of: scratch.path + "/b.toml") }.contains("No such file"))
    }
}
