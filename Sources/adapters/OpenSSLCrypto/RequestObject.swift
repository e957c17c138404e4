import COpenSSL
import SCEP
import Secrets

/// A PKCS#10 request under construction, owned by this value, which wipes the challenge when it ends.
@safe struct RequestObject: ~Copyable {
    /// `X509_REQ *`, for the length of a call.
    let raw: OpaquePointer

    init(_ attempt: borrowing Attempt) throws {
        unsafe raw = try attempt.made(X509_REQ_new())
    }

    deinit {
        // X509_REQ_free(3) frees the challenge without overwriting it.
        let position = unsafe X509_REQ_get_attr_by_NID(raw, NID_pkcs9_challengePassword, -1)
        let attribute = unsafe X509_REQ_get_attr(raw, position)
        if let string = unsafe X509_ATTRIBUTE_get0_type(attribute, 0)?.pointee.value.asn1_string,
            let bytes = unsafe ASN1_STRING_get0_data(string)
        {
            unsafe OPENSSL_cleanse(UnsafeMutableRawPointer(mutating: bytes), Int(ASN1_STRING_length(string)))
        }
        unsafe X509_REQ_free(raw)
    }

    /// Adds the challengePassword attribute (RFC 2985 §5.4.1).
    func add(challenge: Secret, _ attempt: borrowing Attempt) throws {
        let type = try stringType(ofChallenge: challenge, attempt)
        unsafe try challenge.withBytes { bytes in
            unsafe try attempt.check(
                X509_REQ_add1_attr_by_NID(
                    raw, NID_pkcs9_challengePassword, type, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    Int32(bytes.count)))
        }
    }
}

/// A distinguished name as libcrypto takes it, owned by this value.
@safe struct X509Name: ~Copyable {
    /// `X509_NAME *`, for the length of a call.
    let raw: OpaquePointer

    /// - Parameter der: DER of the Name.
    /// - Throws: `.malformed`.
    init(_ der: [UInt8], _ attempt: borrowing Attempt) throws {
        let decoded: OpaquePointer? = unsafe decode(
            der, with: { unsafe d2i_X509_NAME(nil, $0, $1) }, free: { unsafe X509_NAME_free($0) })
        guard let decoded = unsafe decoded else {
            throw attempt.fault(.malformed, expected: "a distinguished name in DER")
        }
        unsafe raw = unsafe decoded
    }

    deinit { unsafe X509_NAME_free(raw) }
}
