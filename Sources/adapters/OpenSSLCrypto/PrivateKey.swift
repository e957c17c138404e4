import COpenSSL
import SCEP
import Secrets

/// A key pair, or the public half of one, that this value owns.
@safe struct PrivateKey: ~Copyable {
    /// `EVP_PKEY *`, for the length of a call.
    let raw: OpaquePointer

    /// Takes over a key that libcrypto made.
    init(owning raw: OpaquePointer) {
        unsafe self.raw = unsafe raw
    }

    /// Reads PKCS#8 PEM, unencrypted.
    ///
    /// - Throws: `.unusableKey`.
    init(_ pem: Secret, _ attempt: borrowing Attempt) throws {
        if let known = unsafe DecodedKey.last.key(of: pem) {
            unsafe raw = unsafe known
            return
        }
        self = try PrivateKey(decoding: pem, attempt)
        unsafe DecodedKey.last.keep(raw, of: pem)
    }

    private init(decoding pem: Secret, _ attempt: borrowing Attempt) throws {
        unsafe raw = try pem.withBytes { bytes in
            let bio = unsafe try MemoryBIO(reading: bytes, attempt)
            // Without a callback of ours, libcrypto asks at the terminal for the passphrase of an encrypted key.
            let key = unsafe PEM_read_bio_PrivateKey_ex(bio.raw, nil, { _, _, _, _ in -1 }, nil, nil, nil)
            guard let key = unsafe key else {
                throw attempt.fault(.unusableKey, expected: "an unencrypted private key in PEM (PKCS#8)")
            }
            return unsafe key
        }
    }

    deinit { unsafe EVP_PKEY_free(raw) }

    /// Whether this is a plain RSA key, which alone can both sign and be encrypted to (RFC 8894 §3.1).
    var isRSA: Bool { unsafe EVP_PKEY_get_base_id(raw) == EVP_PKEY_RSA }

    /// DER SubjectPublicKeyInfo.
    func publicKeyInfo(_ attempt: borrowing Attempt) throws -> [UInt8] {
        unsafe try encode(attempt) { unsafe i2d_PUBKEY(raw, $0) }
    }
}
