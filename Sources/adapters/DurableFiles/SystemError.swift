import CLinux
import Glibc

/// An errno, as a system call left it.
package struct SystemError: Error, Sendable, Equatable {
    /// The errno's number.
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    /// The errno of the call that just failed on this thread.
    static var last: SystemError { SystemError(errno) }

    package static let missing = SystemError(ENOENT)
    package static let exists = SystemError(EEXIST)
    package static let notEmpty = SystemError(ENOTEMPTY)
    package static let noSpace = SystemError(ENOSPC)
    package static let quota = SystemError(EDQUOT)
    package static let accessDenied = SystemError(EACCES)
    package static let notPermitted = SystemError(EPERM)
    package static let readOnlyFileSystem = SystemError(EROFS)
    package static let notDirectory = SystemError(ENOTDIR)
    package static let isDirectory = SystemError(EISDIR)
    package static let tooManyLinks = SystemError(ELOOP)
    package static let nameTooLong = SystemError(ENAMETOOLONG)
    package static let invalidArgument = SystemError(EINVAL)
    package static let tooManyDescriptors = SystemError(EMFILE)
    package static let tooManyDescriptorsInSystem = SystemError(ENFILE)
    package static let inputOutput = SystemError(EIO)
}

extension SystemError: CustomStringConvertible {
    /// The symbolic name where glibc knows one, and its text: "ENOSPC, No space left on device".
    package var description: String {
        let name = unsafe signet_errno_name(number).map { unsafe String(cString: $0) } ?? "errno \(number)"
        let text = unsafe signet_errno_text(number).map { unsafe String(cString: $0) } ?? "unknown error"
        return "\(name), \(text)"
    }
}
