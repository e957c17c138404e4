import Faults
import Glibc
package import Secrets

/// Secrets that lie in files: systemd's credentials, and files that only their owner can read.
package enum StoredSecrets {
    /// Bytes beyond which a file is no secret.
    package static let limit = 64 * 1024

    /// A credential that systemd handed to this service; nil where there is none of that name, or no credentials.
    ///
    /// `LoadCredential=signet:/etc/signet/credentials` names the folder's files `signet_NAME`, so that name is looked
    /// up first, and then `NAME`. Throws `.badName`, `.unreadable`, `.notAFile`, `.tooLarge`.
    package static func credential(named name: String) throws(HostFault) -> Secret? {
        guard let folder = unsafe getenv("CREDENTIALS_DIRECTORY") else { return nil }
        return try credential(named: name, in: unsafe String(cString: folder))
    }

    /// The same, in a folder that is named.
    static func credential(named name: String, in folder: String) throws(HostFault) -> Secret? {
        let attempted = "read the credential '\(name)'"
        guard isPlain(name) else {
            throw HostFault(.badName, attempted: attempted, expected: "a file's name, without '/'")
        }
        for candidate in ["signet_\(name)", name] {
            // No link is followed: the folder is systemd's, which makes none.
            let descriptor = unsafe open("\(folder)/\(candidate)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            if descriptor < 0, errno == ENOENT { continue }
            return try read(descriptor, attempted, isPrivate: nil)
        }
        return nil
    }

    /// The content of a file that only its owner can read, the owner being root or this process' user.
    ///
    /// Both are judged on the opened file, so that it cannot be exchanged in between. Throws `.absent`, `.unreadable`,
    /// `.notAFile`, `.notPrivate`, `.tooLarge`.
    package static func file(_ path: String) throws(HostFault) -> Secret {
        let attempted = "read the secret file '\(path)'"
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        if descriptor < 0, errno == ENOENT {
            throw HostFault(
                .absent, attempted: attempted, expected: "a file of this program's user with mode 0600: create it")
        }
        if descriptor < 0 { throw unopened(attempted, errno) }
        return try read(descriptor, attempted, isPrivate: { $0.st_uid == 0 || $0.st_uid == geteuid() })
    }

    /// What is wrong with a secret file that cannot be opened. Whether its mode or AppArmor forbids that is not told.
    static func unopened(_ attempted: String, _ number: Int32) -> HostFault {
        HostFault(
            .unreadable, attempted: attempted,
            expected: number == EACCES
                ? "a file of this program's user: chown it; where AppArmor refuses it, see signetd(8)" : nil,
            got: systemError(number))
    }

    private static func read(
        _ number: Int32, _ attempted: String, isPrivate hasFitOwner: ((stat) -> Bool)?
    ) throws(HostFault) -> Secret {
        guard let descriptor = Descriptor(owning: number) else {
            throw HostFault(.unreadable, attempted: attempted, got: systemError(errno))
        }
        var status = stat()
        guard unsafe fstat(descriptor.number, &status) == 0 else {
            throw HostFault(.unreadable, attempted: attempted, got: systemError(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw HostFault(.notAFile, attempted: attempted, expected: "a plain file")
        }
        if let hasFitOwner {
            guard hasFitOwner(status) else {
                throw HostFault(
                    .notPrivate, attempted: attempted, expected: "a file of root or of this program's user: chown it",
                    got: "user \(status.st_uid)")
            }
            guard status.st_mode & 0o077 == 0 else {
                throw HostFault(
                    .notPrivate, attempted: attempted, expected: "a file that only its owner can read: chmod 600",
                    got: "mode \(String(status.st_mode & 0o7777, radix: 8))")
            }
        }
        return try content(of: descriptor, attempted)
    }

    private static func content(of descriptor: borrowing Descriptor, _ attempted: String) throws(HostFault) -> Secret {
        var failed = 0
        let secret = unsafe Secret(capacity: limit + 1) { target in
            let count = unsafe descriptor.readAll(into: target)
            failed = min(count, 0)
            return count
        }
        guard failed == 0 else {
            throw HostFault(.unreadable, attempted: attempted, got: systemError(Int32(failed)))
        }
        guard secret.count <= limit else {
            throw HostFault(.tooLarge, attempted: attempted, expected: "at most \(limit) bytes")
        }
        return secret
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && name != "." && name != ".."
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x2F && $0 != 0x7F }
    }
}
