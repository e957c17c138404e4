package import Faults
import Glibc

/// What a call to the host fails with.
package typealias HostFault = Fault<HostFaultCode>

/// Why the host did not give what was asked of it.
package enum HostFaultCode: String, FaultCode {
    /// The sockets that came with the start cannot be told apart.
    case socketsUnusable = "sockets-unusable"
    /// A name that could leave its folder.
    case badName = "bad-name"
    /// A secret is not there.
    case absent
    /// A file cannot be opened or read.
    case unreadable
    /// Something other than a plain file.
    case notAFile = "not-a-file"
    /// Others than its owner can read a secret file, or its owner is neither root nor the caller.
    case notPrivate = "not-private"
    /// More bytes than a secret may have.
    case tooLarge = "too-large"
    /// A command is not an absolute path, or cannot be started.
    case commandNotStarted = "command-not-started"
    /// A command ended with another status than 0, or by a signal.
    case commandFailed = "command-failed"
    /// A command did not end before its deadline, and was killed.
    case commandTimedOut = "command-timed-out"
    /// The task was cancelled.
    case cancelled
    /// The program was called with something that it does not know.
    case badArguments = "bad-arguments"
    /// The kernel has no more timers, pipes or process handles for this process.
    case exhausted
}

/// "No such file or directory (2)", from an error number of either sign.
func systemError(_ number: Int32) -> String {
    guard let text = unsafe strerror(abs(number)) else { return "error \(abs(number))" }
    return unsafe "\(String(cString: text)) (\(abs(number)))"
}
