import COpenSSL
import SCEP
import X509

/// A CMS ContentInfo (RFC 5652 §3), owned by this value. Everything that is read here is BER; what is written is DER.
@safe struct CMSMessage: ~Copyable {
    /// `CMS_ContentInfo *`, for the length of a call.
    let raw: OpaquePointer

    /// Takes over a message that libcrypto made.
    init(owning raw: OpaquePointer) {
        unsafe self.raw = unsafe raw
    }

    /// - Parameters:
    ///   - type: the one content type that will do, as NID.
    ///   - context: where its algorithms come from; nil for the process's own.
    /// - Throws: `.malformed`.
    init(
        _ bytes: [UInt8], type: Int32, expected: String, in context: LegacyContext? = nil, _ attempt: borrowing Attempt
    ) throws {
        let decoded: OpaquePointer? = unsafe decode(
            bytes,
            with: { position, count in
                // d2i frees what it was given where it fails.
                var message = unsafe CMS_ContentInfo_new_ex(context?.raw, nil)
                return unsafe d2i_CMS_ContentInfo(&message, position, count)
            }, free: { unsafe CMS_ContentInfo_free($0) })
        guard let decoded = unsafe decoded else { throw attempt.fault(.malformed, expected: expected) }
        guard unsafe OBJ_obj2nid(CMS_get0_type(decoded)) == type else {
            unsafe CMS_ContentInfo_free(decoded)
            throw attempt.fault(.malformed, expected: expected, got: "another content type")
        }
        unsafe raw = unsafe decoded
    }

    deinit { unsafe CMS_ContentInfo_free(raw) }

    func der(_ attempt: borrowing Attempt) throws -> [UInt8] {
        unsafe try encode(attempt) { unsafe i2d_CMS_ContentInfo(raw, $0) }
    }

    /// Whether there is no eContent or encryptedContent at all; one of no bytes is there.
    var hasNoContent: Bool {
        guard let content = unsafe CMS_get0_content(raw) else { return true }
        return unsafe content.pointee == nil
    }

    /// The only SignerInfo; nil where there are none or several.
    var onlySigner: OpaquePointer? {
        let signers = unsafe CMS_get0_SignerInfos(raw)
        guard unsafe OPENSSL_sk_num(signers) == 1 else { return nil }
        return unsafe OpaquePointer(OPENSSL_sk_value(signers, 0))
    }

    /// The RecipientInfos, where all of them are key transport and there are no more than eight; else nil.
    ///
    /// Other kinds lead libcrypto into password, key-agreement and key-wrap code that SCEP between RSA keys never needs.
    var keyTransportRecipients: [OpaquePointer]? {
        let recipients = unsafe CMS_get0_RecipientInfos(raw)
        let count = unsafe OPENSSL_sk_num(recipients)
        guard (1...8).contains(count) else { return nil }
        var found: [OpaquePointer] = unsafe []
        for index in 0..<count {
            guard let recipient = unsafe OpaquePointer(OPENSSL_sk_value(recipients, index)),
                unsafe CMS_RecipientInfo_type(recipient) == CMS_RECIPINFO_TRANS
            else { return nil }
            unsafe found.append(recipient)
        }
        return unsafe found
    }
}
