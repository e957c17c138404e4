import COpenSSL
package import X509

/// An EnvelopedData, or a relative of it, that libcrypto encrypts.
package struct TestEnvelope: Sendable {
    package var content: [UInt8]
    package var recipients: [Certificate]
    /// As `openssl enc` names it; an authenticated one makes an AuthEnvelopedData.
    package var cipher = "AES-128-CBC"
    /// RSA-OAEP with this digest in place of PKCS #1 v1.5.
    package var oaepDigest: String?
    /// A label for RSA-OAEP.
    package var oaepLabel: [UInt8] = []
    /// A recipient who knows a password.
    package var password: String?
    /// Names recipients by subject key identifier.
    package var namesKeyIdentifier = false
    /// Indefinite lengths and a constructed encryptedContent.
    package var isStreamed = false

    package init(_ content: [UInt8], for recipients: Certificate...) {
        self.content = content
        self.recipients = recipients
    }

    /// The same envelope with a change.
    package func with(_ change: (inout TestEnvelope) throws -> Void) rethrows -> TestEnvelope {
        var copy = self
        try change(&copy)
        return copy
    }

    /// The ContentInfo, encrypted.
    package func encoded() throws -> [UInt8] {
        var flags = UInt32(CMS_BINARY | CMS_PARTIAL)
        if isStreamed { flags |= UInt32(CMS_STREAM) }
        let chosen = EVP_get_cipherbyname(cipher)
        let message = try Owned(CMS_encrypt(nil, nil, chosen, flags), "CMS_encrypt") { CMS_ContentInfo_free($0) }
        for recipient in recipients { try add(recipient, to: message, flags) }
        if let password { try add(password, to: message) }
        let input = try memory(content)
        if isStreamed {
            let output = try memory()
            try check(
                i2d_CMS_bio_stream(output.pointer, message.pointer, input.pointer, Int32(flags)), "i2d_CMS_bio_stream")
            return contents(of: output)
        }
        try check(CMS_final(message.pointer, input.pointer, nil, flags), "CMS_final")
        return try TestPKI.encoded("i2d_CMS_ContentInfo") { i2d_CMS_ContentInfo(message.pointer, $0) }
    }

    private func add(_ recipient: Certificate, to message: Owned, _ flags: UInt32) throws {
        let certificate = try loadCertificate(recipient.der)
        var flags = flags
        if oaepDigest != nil { flags |= UInt32(CMS_KEY_PARAM) }
        if namesKeyIdentifier { flags |= UInt32(CMS_USE_KEYID) }
        guard let info = CMS_add1_recipient_cert(message.pointer, certificate.pointer, flags) else {
            throw TestPKIError("CMS_add1_recipient_cert")
        }
        guard let oaepDigest else { return }
        let context = CMS_RecipientInfo_get0_pkey_ctx(info)
        try check(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), "EVP_PKEY_CTX_set_rsa_padding")
        try check(EVP_PKEY_CTX_set_rsa_oaep_md(context, try messageDigest(oaepDigest)), "EVP_PKEY_CTX_set_rsa_oaep_md")
        guard !oaepLabel.isEmpty else { return }
        let label = CRYPTO_memdup(oaepLabel, oaepLabel.count, nil, 0)
        try check(
            EVP_PKEY_CTX_set0_rsa_oaep_label(context, label, Int32(oaepLabel.count)), "EVP_PKEY_CTX_set0_rsa_oaep_label"
        )
    }

    private func add(_ password: String, to message: Owned) throws {
        let octets = Array(password.utf8)
        let copy = CRYPTO_memdup(octets, octets.count, nil, 0)?.assumingMemoryBound(to: UInt8.self)
        guard
            CMS_add0_recipient_password(
                message.pointer, 1000, NID_id_alg_PWRI_KEK, NID_id_pbkdf2, copy, octets.count, EVP_aes_128_cbc()) != nil
        else { throw TestPKIError("CMS_add0_recipient_password") }
    }

    /// EncryptedData: the same content under a key that nobody is told.
    package static func encryptedData(_ content: [UInt8]) throws -> [UInt8] {
        let key = [UInt8](repeating: 7, count: 16)
        let input = try memory(content)
        let message = try Owned(
            CMS_EncryptedData_encrypt(input.pointer, EVP_aes_128_cbc(), key, key.count, UInt32(CMS_BINARY)),
            "CMS_EncryptedData_encrypt"
        ) { CMS_ContentInfo_free($0) }
        return try TestPKI.encoded("i2d_CMS_ContentInfo") { i2d_CMS_ContentInfo(message.pointer, $0) }
    }
}
