import CSystemd
import Dispatch
import Faults
import Glibc
package import Secrets
import Synchronization

/// A command whose standard output is a secret.
///
/// It runs without a shell, in /, with an environment of its own, standard input and error at /dev/null, and leads a
/// process group that does not outlive it: whatever it started is killed with it. A child that left the group (setsid(2))
/// ends with the service instead: systemd kills the whole control group (KillMode=, systemd.kill(5)), and the agent is
/// gone soon after.
package struct SecretCommand: Sendable {
    /// The program's absolute path, and its arguments.
    package let arguments: [String]
    /// Seconds until it is killed.
    package let deadline: Double
    /// Bytes of output that a secret may have.
    package let limit: Int

    package init(_ arguments: [String], deadline: Double = 30, limit: Int = 4096) {
        self.arguments = arguments
        self.deadline = deadline
        self.limit = limit
    }

    /// Runs the command; cancelling the task kills it. Blocks a thread of its own meanwhile.
    ///
    /// Throws `.commandNotStarted`, `.commandFailed`, `.commandTimedOut`, `.tooLarge`, `.cancelled`, `.exhausted`.
    package func output() async throws -> Secret {
        let run = CommandRun(self)
        let queue = DispatchQueue(label: "io.signet.command")
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { continuation.resume(with: Result { try run.perform() }) }
            }
        } onCancel: {
            run.cancel()
        }
    }

    /// "run the command '/usr/bin/tool'": never its arguments, which the admin may have put secrets into.
    var attempted: String { "run the command '\(arguments.first ?? "")'" }
}
