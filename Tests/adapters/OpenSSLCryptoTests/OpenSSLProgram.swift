import Glibc
import TestFiles

/// The `openssl` program in a test's folder: the second opinion on what the adapter writes, and the source of messages
/// that the adapter itself would never write.
extension ScratchFolder {
    /// Runs `openssl` with this folder as its own and nothing on standard input.
    ///
    /// - Parameter arguments: split at white space.
    /// - Returns: standard output and standard error, each run of white space as one space.
    @discardableResult
    func openssl(_ arguments: String) throws -> String {
        let words = ["env", "-C", path, "openssl"] + arguments.split(whereSeparator: \.isWhitespace).map(String.init)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "\(path)/.output", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var process: pid_t = 0
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        let spawned = posix_spawnp(&process, "env", &actions, nil, &argv, environ)
        guard spawned == 0 else { throw CommandFailed(command: arguments, output: "not started: \(spawned)") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        let output = String(decoding: try read(".output"), as: UTF8.self)
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard status == 0 else { throw CommandFailed(command: arguments, output: output) }
        return output
    }
}

struct CommandFailed: Error {
    let command: String
    let output: String
}
