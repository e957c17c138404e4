import COpenSSL

/// Whether the parts of an RSA private key belong together (RFC 8017 §3.2). libcrypto takes them as they come, and
/// signs around some that do not; other programs that are handed the key do not.
///
/// That the factors are prime is not asked for: a modulus that was certified has no others.
enum RSASoundness {
    /// The parts after the key's version, as OSSL_PKEY_PARAM names them.
    static let names: [StaticString] = [
        "n", "e", "d", "rsa-factor1", "rsa-factor2", "rsa-exponent1", "rsa-exponent2", "rsa-coefficient1",
    ]

    /// - Parameter parts: `BIGNUM *` each, in the order of `names`.
    static func holds(_ parts: [OpaquePointer], _ attempt: borrowing Attempt) throws -> Bool {
        guard unsafe parts.count == names.count else { return false }
        let context = unsafe try attempt.made(BN_CTX_secure_new())
        defer { unsafe BN_CTX_free(context) }
        unsafe BN_CTX_start(context)
        defer { unsafe BN_CTX_end(context) }
        let number = unsafe try attempt.made(BN_CTX_get(context))
        let less = unsafe try attempt.made(BN_CTX_get(context))
        let (n, e, d, p, q) = unsafe (parts[0], parts[1], parts[2], parts[3], parts[4])
        let one = unsafe BN_value_one()
        guard unsafe BN_cmp(p, one) > 0, unsafe BN_cmp(q, one) > 0 else { return false }
        unsafe try attempt.check(BN_mul(number, p, q, context))
        guard unsafe BN_cmp(number, n) == 0 else { return false }
        for (factor, exponent) in [(3, 5), (4, 6)] {
            unsafe try attempt.check(BN_sub(less, parts[factor], one))
            unsafe try attempt.check(BN_mod_mul(number, e, d, less, context))
            guard unsafe BN_is_one(number) == 1 else { return false }
            unsafe try attempt.check(BN_nnmod(number, d, less, context))
            guard unsafe BN_cmp(number, parts[exponent]) == 0 else { return false }
        }
        unsafe try attempt.check(BN_mod_mul(number, q, parts[7], p, context))
        return unsafe BN_is_one(number) == 1
    }

    /// The same of a key that libcrypto has read; of other kinds, whether the private half is the public half's.
    static func holds(_ key: OpaquePointer, _ attempt: borrowing Attempt) throws -> Bool {
        guard unsafe [EVP_PKEY_RSA, EVP_PKEY_RSA_PSS].contains(EVP_PKEY_get_base_id(key)) else {
            let context = unsafe try attempt.made(EVP_PKEY_CTX_new_from_pkey(nil, key, nil))
            defer { unsafe EVP_PKEY_CTX_free(context) }
            return unsafe EVP_PKEY_pairwise_check(context) == 1
        }
        var parts: [OpaquePointer] = unsafe []
        defer { unsafe parts.forEach { unsafe BN_clear_free($0) } }
        for name in names {
            var part: OpaquePointer? = nil
            let word = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
            guard unsafe EVP_PKEY_get_bn_param(key, word, &part) == 1, let part = unsafe part else { return false }
            unsafe parts.append(part)
        }
        return unsafe try holds(parts, attempt)
    }
}
