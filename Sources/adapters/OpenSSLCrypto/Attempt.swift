import COpenSSL
import Faults
import SCEP

/// One operation on libcrypto, from a clean error queue to a clean error queue.
///
/// The queue belongs to the thread, so an operation is one synchronous call: a stale entry would make a later call look
/// failed, ours or that of another library which uses OpenSSL.
struct Attempt: ~Copyable {
    private let what: String

    /// - Parameter what: what is attempted, as a lower-case phrase for `Fault.attempted`.
    init(_ what: String) {
        self.what = what
        ERR_clear_error()
    }

    deinit { ERR_clear_error() }

    /// The fault for what just failed; takes the error queue's entries as its cause.
    func fault(_ code: CryptographyFaultCode, expected: String? = nil, got: String? = nil) -> CryptographyFault {
        fault(code, expected: expected, got: got, errors: OpenSSLErrors.drained())
    }

    /// The fault for what just failed, where the queue has been drained to decide on the code.
    func fault(
        _ code: CryptographyFaultCode, expected: String? = nil, got: String? = nil, errors: OpenSSLErrors
    ) -> CryptographyFault {
        CryptographyFault(
            code, attempted: what, expected: expected, got: got, cause: errors.entries.isEmpty ? nil : errors)
    }

    /// Passes on what libcrypto made; nil becomes `.libraryFailure`, for calls that fail only for want of memory.
    func made<Pointer>(_ result: Pointer?) throws -> Pointer {
        guard let result else { throw fault(.libraryFailure) }
        return result
    }

    /// Throws unless a libcrypto call answered 1 or more.
    func check(_ result: Int32, _ code: CryptographyFaultCode = .libraryFailure, expected: String? = nil) throws {
        guard result > 0 else { throw fault(code, expected: expected) }
    }
}
