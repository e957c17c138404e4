import COpenSSL
import Secrets
import Synchronization

/// The private key that was decoded last. A request uses its key five times in a row, and each time libcrypto would
/// search all its decoders for it.
///
/// It answers for as long as the secret that it was read from, and gives way to the next key. libcrypto overwrites a
/// key when it is freed, and lets several threads use it.
@safe final class DecodedKey: @unchecked Sendable {
    static let last = DecodedKey()

    @safe private struct Entry: @unchecked Sendable {
        weak var secret: Secret?
        /// `EVP_PKEY *`, a reference of its own.
        let key: OpaquePointer
    }

    private let entry = Mutex<Entry?>(nil)

    private init() {}

    /// `EVP_PKEY *` with a reference of the caller's own; nil where another key came since, or none. A key whose
    /// secret has ended goes.
    func key(of secret: Secret) -> OpaquePointer? {
        unsafe entry.withLock { entry in
            guard let kept = entry else { return nil }
            guard let owner = kept.secret else {
                unsafe EVP_PKEY_free(kept.key)
                entry = nil
                return nil
            }
            guard owner === secret else { return nil }
            unsafe EVP_PKEY_up_ref(kept.key)
            return unsafe kept.key
        }
    }

    /// Remembers a key, with one more reference.
    func keep(_ key: OpaquePointer, of secret: Secret) {
        unsafe EVP_PKEY_up_ref(key)
        entry.withLock { entry in
            if let kept = entry { unsafe EVP_PKEY_free(kept.key) }
            entry = unsafe Entry(secret: secret, key: key)
        }
    }
}
