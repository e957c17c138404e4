import COpenSSL
import SCEP
import Secrets

/// A content cipher as libcrypto takes it, owned by this value.
@safe struct CipherObject: ~Copyable {
    /// `EVP_CIPHER *`
    private let raw: OpaquePointer

    /// - Parameter isLegacyAllowed: single DES may be used, from a context of its own.
    /// - Throws: `.algorithmRefused`.
    init(_ cipher: ContentCipher, isLegacyAllowed: Bool, _ attempt: borrowing Attempt) throws {
        var context: OpaquePointer? = nil
        if cipher == .desCBC {
            guard isLegacyAllowed else {
                throw attempt.fault(.algorithmRefused, expected: "AES-CBC or 3DES", got: cipher.rawValue)
            }
            guard let legacy = LegacyContext.shared else {
                throw attempt.fault(.algorithmRefused, expected: "OpenSSL's legacy provider, which has single DES")
            }
            unsafe context = unsafe legacy.raw
        }
        guard let found = unsafe EVP_CIPHER_fetch(context, cipher.libraryName, nil) else {
            throw attempt.fault(.algorithmRefused, expected: "an OpenSSL with \(cipher.rawValue)")
        }
        unsafe raw = unsafe found
    }

    deinit { unsafe EVP_CIPHER_free(raw) }

    /// - Parameter key: as long as the cipher asks.
    /// - Throws: `.decryptionFailed`.
    func decrypt(_ envelope: CMSEnvelope, key: Secret, _ attempt: borrowing Attempt) throws -> [UInt8] {
        let context = unsafe try attempt.made(EVP_CIPHER_CTX_new())
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        unsafe try key.withBytes { key in
            unsafe try attempt.check(
                EVP_DecryptInit_ex2(
                    context, raw, key.baseAddress?.assumingMemoryBound(to: UInt8.self), envelope.initialisationVector,
                    nil), .decryptionFailed)
        }
        let content = envelope.encryptedContent
        return unsafe try [UInt8](unsafeUninitializedCapacity: content.count + 32) { buffer, written in
            var count: Int32 = 0
            var last: Int32 = 0
            unsafe try attempt.check(
                EVP_DecryptUpdate(context, buffer.baseAddress, &count, content, Int32(clamping: content.count)),
                .decryptionFailed)
            unsafe try attempt.check(
                EVP_DecryptFinal_ex(context, buffer.baseAddress.map { unsafe $0 + Int(count) }, &last),
                .decryptionFailed)
            written = Int(count) + Int(last)
        }
    }
}

extension ContentCipher {
    /// EVP_CIPHER_fetch(3).
    fileprivate var libraryName: String {
        switch self {
        case .aes128CBC: "AES-128-CBC"
        case .aes192CBC: "AES-192-CBC"
        case .aes256CBC: "AES-256-CBC"
        case .tripleDESCBC: "DES-EDE3-CBC"
        case .desCBC: "DES-CBC"
        }
    }
}
