import COpenSSL
package import SCEP
package import Secrets
package import X509

extension OpenSSL {
    package func generateKey(_ kind: KeyKind) throws -> Secret {
        let attempt = Attempt("generate a private key")
        if case .rsa(let bits) = kind, ![2048, 3072, 4096].contains(bits) {
            throw attempt.fault(.unusableKey, expected: "RSA with 2048, 3072 or 4096 bits", got: "\(kind)")
        }
        let context = unsafe try attempt.made(EVP_PKEY_CTX_new_from_name(nil, kind.libraryName, nil))
        defer { unsafe EVP_PKEY_CTX_free(context) }
        unsafe try attempt.check(EVP_PKEY_keygen_init(context))
        switch kind {
        case .rsa(let bits): unsafe try attempt.check(EVP_PKEY_CTX_set_rsa_keygen_bits(context, Int32(bits)))
        case .ec(let curve): unsafe try attempt.check(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, curve.libraryID))
        }
        var made: OpaquePointer? = nil
        unsafe try attempt.check(EVP_PKEY_generate(context, &made))
        let key = unsafe try PrivateKey(owning: try attempt.made(made), attempt)

        let bio = try MemoryBIO(attempt)
        unsafe try attempt.check(PEM_write_bio_PKCS8PrivateKey(bio.raw, key.raw, nil, nil, 0, nil, nil))
        let pem = unsafe bio.withContents { unsafe Secret(copying: $0) }
        // It need not be read again for as long as the secret lives.
        _ = pem.derived { key }
        return pem
    }

    package func publicKeyInfo(of key: Secret) throws -> [UInt8] {
        let attempt = Attempt("derive the public key")
        return try PrivateKey.read(key, attempt).publicKeyInfo
    }

    package func provesPossession(of key: Secret, for certificate: Certificate) throws -> Bool {
        let attempt = Attempt("prove possession of the private key")
        let pair = try PrivateKey.read(key, attempt)
        let object = try X509Object(certificate, attempt)
        let publicKey = unsafe try object.publicKey(attempt)
        let challenge = try randomBytes(32)
        let signature = unsafe try challenge.withUnsafeBytes { unsafe try pair.signature(over: $0, attempt) }
        let verifying = unsafe try attempt.made(EVP_MD_CTX_new())
        defer { unsafe EVP_MD_CTX_free(verifying) }
        unsafe try attempt.check(EVP_DigestVerifyInit(verifying, nil, nil, nil, publicKey), .unusableKey)
        return unsafe EVP_DigestVerify(verifying, signature, signature.count, challenge, challenge.count) == 1
    }
}

extension KeyKind {
    fileprivate var libraryName: String {
        switch self {
        case .rsa: "RSA"
        case .ec: "EC"
        }
    }
}

extension NamedCurve {
    fileprivate var libraryID: Int32 {
        switch self {
        case .p256: NID_X9_62_prime256v1
        case .p384: NID_secp384r1
        }
    }
}
