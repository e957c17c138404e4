import COpenSSL
package import SCEP
package import Secrets
package import X509

extension OpenSSL {
    package func generateKey(_ kind: KeyKind) throws -> Secret {
        let attempt = Attempt("generate a private key")
        guard case .rsa(let bits) = kind, [2048, 3072, 4096].contains(bits) else {
            throw attempt.fault(.unusableKey, expected: "RSA with 2048, 3072 or 4096 bits", got: "\(kind)")
        }
        let context = unsafe try attempt.made(EVP_PKEY_CTX_new_from_name(nil, "RSA", nil))
        defer { unsafe EVP_PKEY_CTX_free(context) }
        unsafe try attempt.check(EVP_PKEY_keygen_init(context))
        unsafe try attempt.check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)))
        var made: OpaquePointer? = nil
        unsafe try attempt.check(EVP_PKEY_generate(context, &made))
        let key = unsafe PrivateKey(owning: try attempt.made(made))

        let bio = try MemoryBIO(attempt)
        unsafe try attempt.check(PEM_write_bio_PKCS8PrivateKey(bio.raw, key.raw, nil, nil, 0, nil, nil))
        return unsafe bio.withContents { unsafe Secret(copying: $0) }
    }

    package func publicKeyInfo(of key: Secret) throws -> [UInt8] {
        let attempt = Attempt("derive the public key")
        return try PrivateKey(key, attempt).publicKeyInfo(attempt)
    }

    package func provesPossession(of key: Secret, for certificate: Certificate) throws -> Bool {
        let attempt = Attempt("prove possession of the private key")
        let pair = try PrivateKey(key, attempt)
        let object = try X509Object(certificate, attempt)
        let publicKey = unsafe try object.publicKey(attempt)
        let challenge = try randomBytes(32)

        let signing = unsafe try attempt.made(EVP_MD_CTX_new())
        defer { unsafe EVP_MD_CTX_free(signing) }
        // No digest is named, so each kind of key takes its own: SHA-256 for RSA and EC, none for EdDSA.
        unsafe try attempt.check(EVP_DigestSignInit(signing, nil, nil, nil, pair.raw), .unusableKey)
        var count = 0
        unsafe try attempt.check(EVP_DigestSign(signing, nil, &count, challenge, challenge.count), .unusableKey)
        var signature = [UInt8](repeating: 0, count: count)
        unsafe try attempt.check(
            EVP_DigestSign(signing, &signature, &count, challenge, challenge.count), .unusableKey)

        let verifying = unsafe try attempt.made(EVP_MD_CTX_new())
        defer { unsafe EVP_MD_CTX_free(verifying) }
        unsafe try attempt.check(EVP_DigestVerifyInit(verifying, nil, nil, nil, publicKey), .unusableKey)
        return unsafe EVP_DigestVerify(verifying, signature, count, challenge, challenge.count) == 1
    }
}
