import COpenSSL
import DeviceTag
import SCEP

/// The two cryptographic ports on OpenSSL 3 (libcrypto), the only cryptographic library in the process.
///
/// Keys and certificates come in as values with each call, and every call is one synchronous operation. What libcrypto
/// made of the last key and of a few certificates is remembered for the next call.
/// What the structure of a message must be is decided in core before it comes here; what is checked again here is what
/// libcrypto would otherwise read in a way of its own. `Sources/c/COpenSSL` is the boundary.
package struct OpenSSL: Cryptography, TagCryptography {
    package init() {}

    /// The library in use, with its date: "3.0.22 25 Aug 2026".
    package static var version: String {
        guard let text = unsafe OpenSSL_version(OPENSSL_VERSION) else { return "unknown" }
        let words = unsafe String(cString: text)  // "OpenSSL 3.0.22 25 Aug 2026"
        return words.hasPrefix("OpenSSL ") ? String(words.dropFirst(8)) : words
    }

    /// SHA-256 of the bytes: 32 bytes, or none at all where the library refuses to compute it, which equals no digest.
    package func sha256(_ bytes: [UInt8]) -> [UInt8] {
        _ = Attempt("compute a SHA-256 digest")
        return unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { digest, written in
            var count: UInt32 = 0
            let done = unsafe EVP_Digest(bytes, bytes.count, digest.baseAddress, &count, EVP_sha256(), nil)
            written = done == 1 ? Int(count) : 0
        }
    }

    package func randomBytes(_ count: Int) throws -> [UInt8] {
        let attempt = Attempt("draw random bytes")
        guard count > 0, let length = Int32(exactly: count) else { return [] }
        return unsafe try [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            unsafe try attempt.check(RAND_bytes(buffer.baseAddress, length))
            written = count
        }
    }
}
