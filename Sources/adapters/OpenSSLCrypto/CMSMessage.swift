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
    /// - Throws: `.malformed`.
    init(
        _ bytes: [UInt8], type: Int32, expected: String, _ attempt: borrowing Attempt
    ) throws {
        let decoded: OpaquePointer? = unsafe decode(
            bytes,
            with: { unsafe d2i_CMS_ContentInfo(nil, $0, $1) }, free: { unsafe CMS_ContentInfo_free($0) })
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
}
