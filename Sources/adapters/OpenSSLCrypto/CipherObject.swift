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

    /// Encrypts a secret, padded to whole blocks.
    ///
    /// - Parameter key: as long as the cipher asks.
    func encrypt(_ content: Secret, key: Secret, vector: [UInt8], _ attempt: borrowing Attempt) throws -> [UInt8] {
        let context = unsafe try begin(isEncrypting: true, key: key, vector: vector, attempt)
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        return unsafe try [UInt8](unsafeUninitializedCapacity: content.count + 32) { buffer, written in
            var count: Int32 = 0
            var last: Int32 = 0
            unsafe try content.withBytes { content in
                unsafe try attempt.check(
                    EVP_EncryptUpdate(
                        context, buffer.baseAddress, &count, content.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        Int32(clamping: content.count)))
            }
            unsafe try attempt.check(
                EVP_EncryptFinal_ex(context, buffer.baseAddress.map { unsafe $0 + Int(count) }, &last))
            written = Int(count) + Int(last)
        }
    }

    /// Whole blocks, enciphered or deciphered without padding; a second round goes on with the last block of the first.
    func chain(
        _ blocks: Secret, isEncrypting: Bool, key: Secret, vector: Secret, rounds: Int = 1, _ attempt: borrowing Attempt
    ) throws -> Secret {
        let vector = unsafe vector.withBytes { unsafe [UInt8]($0) }
        let context = unsafe try begin(isEncrypting: isEncrypting, key: key, vector: vector, attempt)
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        unsafe try attempt.check(EVP_CIPHER_CTX_set_padding(context, 0))
        return unsafe try Secret(capacity: blocks.count) { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe blocks.withBytes { unsafe buffer.copyMemory(from: $0) }
            for _ in 0..<rounds {
                var count: Int32 = 0
                unsafe try attempt.check(
                    EVP_CipherUpdate(context, start, &count, start, Int32(clamping: blocks.count)), .decryptionFailed)
                guard count == Int32(clamping: blocks.count) else { throw attempt.fault(.decryptionFailed) }
            }
            return blocks.count
        }
    }

    /// `EVP_CIPHER_CTX *`, the caller's to free.
    private func begin(
        isEncrypting: Bool, key: Secret, vector: [UInt8], _ attempt: borrowing Attempt
    ) throws -> OpaquePointer {
        let context = unsafe try attempt.made(EVP_CIPHER_CTX_new())
        let begun = unsafe key.withBytes { key in
            unsafe EVP_CipherInit_ex2(
                context, raw, key.baseAddress?.assumingMemoryBound(to: UInt8.self), vector, isEncrypting ? 1 : 0, nil)
        }
        guard begun == 1 else {
            unsafe EVP_CIPHER_CTX_free(context)
            throw attempt.fault(.decryptionFailed)
        }
        return unsafe context
    }

    /// - Parameter key: as long as the cipher asks.
    /// - Throws: `.decryptionFailed`.
    func decrypt(_ envelope: CMSEnvelope, key: Secret, _ attempt: borrowing Attempt) throws -> [UInt8] {
        let context = unsafe try begin(
            isEncrypting: false, key: key, vector: envelope.initialisationVector, attempt)
        defer { unsafe EVP_CIPHER_CTX_free(context) }
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
