import CLinux
package import Faults
import Glibc

/// What talking over a local socket fails with.
package typealias LocalSocketFault = Fault<LocalSocketFaultCode>

/// The reasons; raw values are stable.
package enum LocalSocketFaultCode: String, FaultCode {
    /// Nobody listens there.
    case unreachable
    /// The socket's owner or mode keeps the caller out.
    case notPermitted = "not-permitted"
    /// The deadline passed.
    case timedOut = "timed-out"
    /// The other side went away, or this side has closed.
    case closed
    /// A message is longer than the limit.
    case tooLarge = "too-large"
    /// What came is no Varlink message.
    case malformed
    /// The path does not fit into a socket's address.
    case pathTooLong = "path-too-long"
    /// Somebody else listens there already.
    case inUse = "in-use"
    /// The descriptor is no listening local socket.
    case notAListener = "not-a-listener"
    /// A reply that the call does not allow: a second last one, or several to a call without `more`.
    case unexpectedReply = "unexpected-reply"
    /// Another system call failed.
    case systemCallFailed = "system-call-failed"
    /// The task was cancelled.
    case cancelled
}

extension Fault<LocalSocketFaultCode> {
    /// The fault for the errno that a call has just left.
    static func system(_ attempted: String, _ number: Int32 = errno) -> LocalSocketFault {
        let code: LocalSocketFaultCode =
            switch number {
            case ENOENT, ENOTDIR, ECONNREFUSED, ELOOP: .unreachable
            case EACCES, EPERM: .notPermitted
            case EPIPE, ECONNRESET, ENOTCONN: .closed
            case EADDRINUSE: .inUse
            case ENAMETOOLONG: .pathTooLong
            case EAGAIN, ETIMEDOUT: .timedOut
            default: .systemCallFailed
            }
        let text = unsafe signet_errno_text(number).map { unsafe String(cString: $0) } ?? "unknown error"
        return LocalSocketFault(code, attempted: attempted, got: "\(text) (\(number))")
    }
}
