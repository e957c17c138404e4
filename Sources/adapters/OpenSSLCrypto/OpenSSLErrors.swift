import COpenSSL

/// What libcrypto's error queue held, oldest first.
///
/// Neither file names nor the entries' free text are kept: the former say nothing to an admin, the latter can quote input.
struct OpenSSLErrors: Error, Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        /// `ERR_LIB_…`
        let library: Int32
        /// `…_R_…`, unique within its library.
        let reason: Int32
        /// "CMS routines:cipher initialisation error".
        let text: String
    }

    let entries: [Entry]

    /// Takes all entries off this thread's queue.
    static func drained() -> OpenSSLErrors {
        var entries: [Entry] = []
        while case let code = ERR_get_error(), code != 0 {
            let library = unsafe ERR_lib_error_string(code).map { unsafe String(cString: $0) }
            let reason = unsafe ERR_reason_error_string(code).map { unsafe String(cString: $0) }
            entries.append(
                Entry(
                    library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code),
                    text: "\(library ?? "library \(ERR_GET_LIB(code))"):\(reason ?? "reason \(ERR_GET_REASON(code))")"))
        }
        return OpenSSLErrors(entries: entries)
    }

    func contains(library: Int32, reason: Int32) -> Bool {
        entries.contains { $0.library == library && $0.reason == reason }
    }
}

extension OpenSSLErrors: CustomStringConvertible {
    var description: String { entries.map(\.text).joined(separator: ", ") }
}
