import Faults
import Glibc
import Secrets
import TestFiles
import Testing

@testable import SystemdHost

private func text(_ secret: Secret?) -> String? {
    secret.map { $0.withBytes { String(decoding: $0, as: UTF8.self) } }
}

@Suite struct StoredSecretsTests {
    private func code(_ body: () throws -> Secret?) -> HostFaultCode? {
        do {
            _ = try body()
            return nil
        } catch let fault as HostFault {
            return fault.code
        } catch {
            return nil
        }
    }

    @Test func `a file that only its owner can read is a secret`() throws {
        let scratch = try ScratchFolder()
        #expect(try text(StoredSecrets.file(scratch.write("s", Array("open sesame\n".utf8)))) == "open sesame\n")
        #expect(try text(StoredSecrets.file(scratch.write("t", Array("x".utf8), mode: 0o400))) == "x")
    }

    @Test(arguments: [0o640, 0o604, 0o610, 0o644, 0o620]) func `a file that others can reach is refused`(
        mode: mode_t
    ) throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write("s", [1], mode: mode)
        #expect(code { try StoredSecrets.file(path) } == .notPrivate)
        let fault = #expect(throws: HostFault.self) { try StoredSecrets.file(path) }
        #expect(fault?.expected?.contains("chmod 600") == true)
    }

    /// A file of root's alone is a dead end for a program that does not run as root.
    @Test func `a file that is absent or not permitted says whose it has to be`() throws {
        let scratch = try ScratchFolder()
        let absent = #expect(throws: HostFault.self) { try StoredSecrets.file("\(scratch.path)/none") }
        #expect(absent?.expected == "a file of this program's user with mode 0600: create it")
        let refused = StoredSecrets.unopened("read", EACCES)
        #expect(
            refused.description == "read: unreadable (expected a file of this program's user: chown it; "
                + "where AppArmor refuses it, see signetd(8), got Permission denied (13))")
        // Neither helps there.
        #expect(StoredSecrets.unopened("read", ELOOP).expected == nil)
    }

    @Test func `nothing but a plain file is read, and no FIFO waited for`() throws {
        let scratch = try ScratchFolder()
        #expect(mkfifo("\(scratch.path)/fifo", 0o600) == 0)
        #expect(code { try StoredSecrets.file("\(scratch.path)/fifo") } == .notAFile)
        #expect(code { try StoredSecrets.file(scratch.path) } == .notAFile)
        #expect(code { try StoredSecrets.file("\(scratch.path)/none") } == .absent)
    }

    @Test func `a secret may fill the limit and not pass it`() throws {
        let scratch = try ScratchFolder()
        let full = try scratch.write("full", [UInt8](repeating: 7, count: StoredSecrets.limit))
        let over = try scratch.write("over", [UInt8](repeating: 7, count: StoredSecrets.limit + 1))
        #expect(try StoredSecrets.file(full).count == StoredSecrets.limit)
        #expect(code { try StoredSecrets.file(over) } == .tooLarge)
    }

    @Test func `a credential is found by the folder's prefix first, then by its own name`() throws {
        let scratch = try ScratchFolder()
        try scratch.write("signet_challenge", Array("prefixed".utf8), mode: 0o440)
        try scratch.write("challenge", Array("plain".utf8), mode: 0o440)
        try scratch.write("token", Array("alone".utf8), mode: 0o440)
        #expect(try text(StoredSecrets.credential(named: "challenge", in: scratch.path)) == "prefixed")
        #expect(try text(StoredSecrets.credential(named: "token", in: scratch.path)) == "alone")
        #expect(try StoredSecrets.credential(named: "absent", in: scratch.path) == nil)
    }

    @Test(arguments: ["", ".", "..", "../x", "a/b", "/etc/passwd", "a\nb"])
    func `a credential's name cannot leave its folder`(name: String) throws {
        let scratch = try ScratchFolder()
        #expect(code { try StoredSecrets.credential(named: name, in: scratch.path) } == .badName)
    }

    @Test func `a credential that is a link is refused`() throws {
        let scratch = try ScratchFolder()
        try scratch.write("real", [1])
        #expect(symlink("\(scratch.path)/real", "\(scratch.path)/linked") == 0)
        #expect(code { try StoredSecrets.credential(named: "linked", in: scratch.path) } == .unreadable)
    }
}
