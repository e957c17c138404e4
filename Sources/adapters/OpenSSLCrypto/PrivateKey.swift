import COpenSSL
import SCEP
import Secrets
import X509

/// A key pair. It belongs to the secret that it was read from and ends with it; libcrypto overwrites it then.
///
/// libcrypto lets several threads use one key.
@safe final class PrivateKey: @unchecked Sendable {
    /// `EVP_PKEY *`, for the length of a call.
    let raw: OpaquePointer
    /// DER SubjectPublicKeyInfo.
    let publicKeyInfo: [UInt8]

    /// Takes over a key that libcrypto made.
    init(owning raw: OpaquePointer, _ attempt: borrowing Attempt) throws {
        unsafe self.raw = unsafe raw
        publicKeyInfo = unsafe try encode(attempt) { unsafe i2d_PUBKEY(raw, $0) }
    }

    private init(_ key: OpaquePointer, _ publicKeyInfo: [UInt8]) {
        unsafe raw = unsafe key
        self.publicKeyInfo = publicKeyInfo
    }

    deinit { unsafe EVP_PKEY_free(raw) }

    /// Reads PKCS#8 PEM, unencrypted; once a secret.
    ///
    /// - Throws: `.unusableKey`.
    static func read(_ pem: Secret, _ attempt: borrowing Attempt) throws -> PrivateKey {
        try pem.derived {
            unsafe try pem.withBytes { bytes in
                if let rsa = unsafe try RSAPrivateKey.read(pem: bytes, attempt) {
                    return unsafe PrivateKey(rsa.key, rsa.publicKeyInfo)
                }
                let bio = unsafe try MemoryBIO(reading: bytes, attempt)
                // Without a callback of ours, libcrypto asks at the terminal for the passphrase of an encrypted key.
                let key = unsafe PEM_read_bio_PrivateKey_ex(bio.raw, nil, { _, _, _, _ in -1 }, nil, nil, nil)
                guard let key = unsafe key else {
                    throw attempt.fault(.unusableKey, expected: "an unencrypted private key in PEM (PKCS#8)")
                }
                let pair = unsafe try PrivateKey(owning: key, attempt)
                guard unsafe try RSASoundness.holds(key, attempt) else {
                    throw attempt.fault(.unusableKey, expected: "a private key whose parts belong together")
                }
                return pair
            }
        }
    }

    /// Whether this is a plain RSA key, which alone can both sign and be encrypted to (RFC 8894 §3.1).
    var isRSA: Bool { unsafe EVP_PKEY_get_base_id(raw) == EVP_PKEY_RSA }

    /// How the key signs certificates and requests: the AlgorithmIdentifier, and its digest. That of an EC key is as strong
    /// as its curve (RFC 5480 §4).
    ///
    /// - Parameter digest: that of an RSA key: SHA-1, or else SHA-256.
    /// - Throws: `.unusableKey` for keys that are neither RSA nor EC.
    func signatureAlgorithm(
        rsa digest: DigestAlgorithm, _ attempt: borrowing Attempt
    ) throws -> (identifier: [UInt8], digest: DigestAlgorithm) {
        switch unsafe (EVP_PKEY_get_base_id(raw), EVP_PKEY_get_bits(raw)) {
        case (EVP_PKEY_RSA, _):
            let null = DERWriter.element(.null, [])
            return digest == .sha1
                ? (DERWriter.algorithm(.sha1WithRSA, parameters: null), .sha1)
                : (DERWriter.algorithm(.sha256WithRSA, parameters: null), .sha256)
        case (EVP_PKEY_EC, ..<384): return (DERWriter.algorithm(.ecdsaWithSHA256), .sha256)
        case (EVP_PKEY_EC, ..<512): return (DERWriter.algorithm(.ecdsaWithSHA384), .sha384)
        case (EVP_PKEY_EC, _): return (DERWriter.algorithm(.ecdsaWithSHA512), .sha512)
        default: throw attempt.fault(.unusableKey, expected: "an RSA or EC key")
        }
    }

    /// The AlgorithmIdentifier of a message's signature: that of the key alone for RSA (RFC 3370 §3.2), which servers expect,
    /// and for EC that with the message's digest (RFC 5753 §2.1.1).
    ///
    /// - Throws: `.unusableKey` for keys that are neither RSA nor EC.
    func messageSignatureAlgorithm(_ digest: DigestAlgorithm, _ attempt: borrowing Attempt) throws -> [UInt8] {
        switch unsafe EVP_PKEY_get_base_id(raw) {
        case EVP_PKEY_RSA: return DERWriter.algorithm(.rsaEncryption, parameters: DERWriter.element(.null, []))
        case EVP_PKEY_EC:
            switch digest {
            case .sha1: return DERWriter.algorithm(.ecdsaWithSHA1)
            case .sha256: return DERWriter.algorithm(.ecdsaWithSHA256)
            case .sha384: return DERWriter.algorithm(.ecdsaWithSHA384)
            case .sha512: return DERWriter.algorithm(.ecdsaWithSHA512)
            }
        default: throw attempt.fault(.unusableKey, expected: "an RSA or EC key")
        }
    }

    /// A signature over the digest of the bytes. Where none is named, each kind of key takes its own: SHA-256 for RSA and
    /// EC, none for EdDSA.
    func signature(
        over bytes: UnsafeRawBufferPointer, digest: DigestAlgorithm? = nil, _ attempt: borrowing Attempt
    ) throws -> [UInt8] {
        let context = unsafe try attempt.made(EVP_MD_CTX_new())
        defer { unsafe EVP_MD_CTX_free(context) }
        unsafe try attempt.check(
            EVP_DigestSignInit(context, nil, digest.flatMap { unsafe evp($0) }, nil, raw), .unusableKey)
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var count = max(Int(unsafe EVP_PKEY_get_size(raw)), 0)
        return unsafe try [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            unsafe try attempt.check(
                EVP_DigestSign(context, buffer.baseAddress, &count, start, bytes.count), .unusableKey)
            written = count
        }
    }
}
