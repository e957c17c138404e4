import COpenSSL
import Faults
package import SCEP
package import Secrets
package import X509

extension OpenSSL {
    package func envelop(_ content: Secret, to recipient: Certificate, cipher: ContentCipher) throws -> [UInt8] {
        let attempt = Attempt("encrypt a message")
        let cipher = unsafe try evp(cipher, attempt)
        // For other keys libcrypto would silently use key agreement, which no SCEP server reads (RFC 8894 §3.1).
        let recipients = try X509Stack([recipient], attempt)
        guard unsafe EVP_PKEY_get_base_id(X509_get0_pubkey(recipients[0])) == EVP_PKEY_RSA else {
            throw attempt.fault(.unusableKey, expected: "a recipient with an RSA key")
        }
        let made = unsafe CMS_encrypt(recipients.raw, nil, cipher, UInt32(CMS_BINARY | CMS_PARTIAL))
        let message = unsafe CMSMessage(owning: try attempt.made(made))
        // From the secret's memory into the cipher: what libcrypto reads by itself goes through buffers that it does not
        // wipe.
        let sink = unsafe try attempt.made(CMS_dataInit(message.raw, nil))
        defer { unsafe BIO_free_all(sink) }
        let count = unsafe content.withBytes { bytes in
            unsafe BIO_write(sink, bytes.baseAddress, Int32(clamping: bytes.count))
        }
        try attempt.check(count == Int32(clamping: content.count) ? 1 : 0)
        unsafe try attempt.check(signet_bio_flush(sink))
        unsafe try attempt.check(CMS_dataFinal(message.raw, sink))
        return try message.der(attempt)
    }

    /// Decrypts an EnvelopedData for `recipient`.
    ///
    /// That it worked proves nothing about the sender or the content: where the wrapped key is not for us in truth, it
    /// goes on with a random one (against Bleichenbacher's attack, RFC 3218 §2.3.2), and one time in about 256 the padding
    /// happens to be right. Callers parse the result strictly.
    ///
    /// Only the content's cipher comes from the context that has single DES. The private key stays where it is:
    /// `CMS_decrypt` would copy it there.
    package func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] {
        let attempt = Attempt("decrypt a message")
        let envelope: CMSEnvelope
        do {
            envelope = try CMSEnvelope.admit(envelopedData)
        } catch {
            throw CryptographyFault(.malformed, attempted: "decrypt a message", cause: error)
        }
        guard let transport = envelope.recipients.first(where: { $0.recipient.names(recipient) }) else {
            throw attempt.fault(.notForUs, expected: "a message encrypted to this transaction's certificate")
        }
        let key = try PrivateKey.read(key, attempt)
        let size = envelope.cipher.keySize
        let random = unsafe try randomBytes(size).withUnsafeBytes { unsafe Secret(copying: $0) }
        let unwrapped = try unwrap(transport, with: key, attempt)
        return try CipherObject(envelope.cipher, isLegacyAllowed: legacyCiphers, attempt)
            .decrypt(envelope, key: unwrapped.count == size ? unwrapped : random, attempt)
    }

    /// The content key; empty where it is not wrapped for this key.
    private func unwrap(
        _ transport: CMSKeyTransport, with key: PrivateKey, _ attempt: borrowing Attempt
    ) throws -> Secret {
        let context = unsafe try attempt.made(EVP_PKEY_CTX_new_from_pkey(nil, key.raw, nil))
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard key.isRSA, unsafe EVP_PKEY_decrypt_init(context) == 1 else {
            throw attempt.fault(.unusableKey, expected: "an RSA key")
        }
        switch transport.padding {
        case .pkcs1: unsafe try attempt.check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING))
        case .oaep(let digest, let mask):
            unsafe try attempt.check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING))
            unsafe try attempt.check(EVP_PKEY_CTX_set_rsa_oaep_md(context, evp(digest)))
            unsafe try attempt.check(EVP_PKEY_CTX_set_rsa_mgf1_md(context, evp(mask)))
        }
        var count = max(Int(unsafe EVP_PKEY_get_size(key.raw)), 0)
        let wrapped = transport.wrappedKey
        return unsafe Secret(capacity: count) { buffer in
            let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return unsafe EVP_PKEY_decrypt(context, start, &count, wrapped, wrapped.count) == 1 ? count : 0
        }
    }
}

private func evp(_ cipher: ContentCipher, _ attempt: borrowing Attempt) throws -> OpaquePointer? {
    switch cipher {
    case .aes128CBC: unsafe EVP_aes_128_cbc()
    case .aes192CBC: unsafe EVP_aes_192_cbc()
    case .aes256CBC: unsafe EVP_aes_256_cbc()
    case .tripleDESCBC: unsafe EVP_des_ede3_cbc()
    case .desCBC:
        // RFC 8894 §2.9; it is readable in replies only.
        throw attempt.fault(.algorithmRefused, expected: "AES or 3DES for what is sent", got: cipher.rawValue)
    }
}
