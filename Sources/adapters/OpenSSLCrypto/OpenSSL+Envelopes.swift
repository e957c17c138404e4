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
        return unsafe try content.withBytes { bytes in
            let bio = unsafe try MemoryBIO(reading: bytes, attempt)
            let made = unsafe CMS_encrypt(recipients.raw, bio.raw, cipher, UInt32(CMS_BINARY))
            return unsafe try CMSMessage(owning: try attempt.made(made)).der(attempt)
        }
    }

    /// Decrypts an EnvelopedData for `recipient`.
    ///
    /// That it worked proves nothing about the sender or the content: where the wrapped key is not for us in truth,
    /// libcrypto goes on with a random one (against Bleichenbacher's attack), and one time in about 256 the padding
    /// happens to be right. Callers parse the result strictly.
    package func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] {
        let attempt = Attempt("decrypt a message")
        let key = try PrivateKey.read(key, attempt)
        guard legacyCiphers else {
            return try open(envelopedData, recipient: recipient, key: key, in: nil, attempt)
        }
        guard let context = LegacyContext.shared else {
            throw attempt.fault(.algorithmRefused, expected: "OpenSSL's legacy provider, which has single DES")
        }
        return try open(envelopedData, recipient: recipient, key: key, in: context, attempt)
    }

    /// - Parameter context: where ciphers come from; nil for the process's own, which has no single DES.
    private func open(
        _ envelopedData: [UInt8], recipient: Certificate, key: PrivateKey, in context: LegacyContext?,
        _ attempt: borrowing Attempt
    ) throws -> [UInt8] {
        let certificate = try X509Object(recipient, attempt)
        let message = try CMSMessage(
            envelopedData, type: NID_pkcs7_enveloped, expected: "a CMS EnvelopedData", in: context, attempt)
        guard let recipients = unsafe message.keyTransportRecipients else {
            throw attempt.fault(.malformed, expected: "1 to 8 recipients, all by key transport")
        }
        guard
            unsafe recipients.contains(where: { unsafe CMS_RecipientInfo_ktri_cert_cmp($0, certificate.raw) == 0 })
        else { throw attempt.fault(.notForUs, expected: "a message encrypted to this transaction's certificate") }

        // What is written before a failure shows is wiped with the BIO.
        let plain = try MemoryBIO(attempt)
        guard unsafe CMS_decrypt(message.raw, key.raw, certificate.raw, nil, plain.raw, UInt32(CMS_BINARY)) == 1 else {
            let errors = OpenSSLErrors.drained()
            let refused =
                errors.contains(library: ERR_LIB_CMS, reason: CMS_R_CIPHER_INITIALISATION_ERROR)
                || errors.contains(library: ERR_LIB_CMS, reason: CMS_R_UNKNOWN_CIPHER)
            throw refused
                ? attempt.fault(
                    .algorithmRefused, expected: "AES-CBC or 3DES", got: "a cipher not available", errors: errors)
                : attempt.fault(.decryptionFailed, errors: errors)
        }
        return unsafe plain.withContents { unsafe [UInt8]($0) }
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
