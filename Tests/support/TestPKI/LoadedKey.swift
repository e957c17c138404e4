import COpenSSL

/// A key that is read once, for who makes very many messages by hand.
///
/// libcrypto lets several threads use one key.
package final class LoadedKey: @unchecked Sendable {
    private let key: Owned

    package init(_ key: TestKey) throws { self.key = try key.load() }

    package func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        SHA256(bytes, bytes.count, &digest)
        return digest
    }

    /// A signature over the SHA-256 of the bytes.
    package func signature(over bytes: [UInt8]) throws -> [UInt8] {
        let context = try Owned(EVP_MD_CTX_new(), "EVP_MD_CTX_new") { EVP_MD_CTX_free($0) }
        try check(EVP_DigestSignInit(context.pointer, nil, EVP_sha256(), nil, key.pointer), "EVP_DigestSignInit")
        var count = Int(EVP_PKEY_get_size(key.pointer))
        var signature = [UInt8](repeating: 0, count: count)
        try check(EVP_DigestSign(context.pointer, &signature, &count, bytes, bytes.count), "EVP_DigestSign")
        return Array(signature.prefix(count))
    }

    /// RSA in PKCS #1 v1.5, which its owner opens.
    package func wrap(_ bytes: [UInt8]) throws -> [UInt8] {
        let context = try Owned(EVP_PKEY_CTX_new(key.pointer, nil), "EVP_PKEY_CTX_new") { EVP_PKEY_CTX_free($0) }
        try check(EVP_PKEY_encrypt_init(context.pointer), "EVP_PKEY_encrypt_init")
        var count = Int(EVP_PKEY_get_size(key.pointer))
        var wrapped = [UInt8](repeating: 0, count: count)
        try check(EVP_PKEY_encrypt(context.pointer, &wrapped, &count, bytes, bytes.count), "EVP_PKEY_encrypt")
        return Array(wrapped.prefix(count))
    }
}

/// AES-128 in CBC with PKCS #7 padding.
package func encryptAES128CBC(_ bytes: [UInt8], key: [UInt8], vector: [UInt8]) throws -> [UInt8] {
    let context = try Owned(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new") { EVP_CIPHER_CTX_free($0) }
    try check(EVP_EncryptInit_ex(context.pointer, EVP_aes_128_cbc(), nil, key, vector), "EVP_EncryptInit_ex")
    var encrypted = [UInt8](repeating: 0, count: bytes.count + 16)
    var count: Int32 = 0
    var last: Int32 = 0
    try check(EVP_EncryptUpdate(context.pointer, &encrypted, &count, bytes, Int32(bytes.count)), "EVP_EncryptUpdate")
    let end = encrypted[Int(count)...].withUnsafeMutableBytes {
        EVP_EncryptFinal_ex(context.pointer, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), &last)
    }
    try check(end, "EVP_EncryptFinal_ex")
    return Array(encrypted.prefix(Int(count + last)))
}
