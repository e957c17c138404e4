import COpenSSL
import SCEP

/// What every signed X.509 structure is, `SEQUENCE { content, AlgorithmIdentifier, BIT STRING }` (RFC 5280 §4.1.1),
/// with the content as bytes; owned by this value.
///
/// libcrypto's own type for CRLs decodes every entry: for 100,000 of them a third of a second and 20 MB.
@safe struct SignedStructure: ~Copyable {
    /// `STACK_OF(ASN1_TYPE) *`
    private let elements: OpaquePointer

    /// - Throws: `.malformed`.
    init(_ der: [UInt8], _ attempt: borrowing Attempt) throws {
        let decoded: OpaquePointer? = unsafe decode(
            der, with: { unsafe d2i_ASN1_SEQUENCE_ANY(nil, $0, $1) }, free: { unsafe Self.free($0) })
        guard let decoded = unsafe decoded else { throw attempt.fault(.malformed, expected: "a DER sequence") }
        unsafe elements = unsafe decoded
    }

    deinit { unsafe Self.free(elements) }

    /// Whether the key made the signature. Whether the content names the same algorithm is for its reader to see.
    ///
    /// - Parameter key: `EVP_PKEY *`
    func isSigned(with key: OpaquePointer) -> Bool {
        guard unsafe OPENSSL_sk_num(elements) == 3,
            let content = unsafe element(0, V_ASN1_SEQUENCE),
            let identifier = unsafe element(1, V_ASN1_SEQUENCE)?.pointee.value.sequence,
            let signature = unsafe element(2, V_ASN1_BIT_STRING)?.pointee.value.bit_string
        else { return false }
        var position = unsafe ASN1_STRING_get0_data(identifier)
        guard let algorithm = unsafe d2i_X509_ALGOR(nil, &position, Int(ASN1_STRING_length(identifier))) else {
            return false
        }
        defer { unsafe X509_ALGOR_free(algorithm) }
        return unsafe ASN1_item_verify(ASN1_ANY_it(), algorithm, signature, content, key) == 1
    }

    /// Element number `index`, where it is of this type.
    private func element(_ index: Int32, _ type: Int32) -> UnsafeMutablePointer<ASN1_TYPE>? {
        let element = unsafe OPENSSL_sk_value(elements, index)?.assumingMemoryBound(to: ASN1_TYPE.self)
        return unsafe element?.pointee.type == type ? element : nil
    }

    private static func free(_ elements: OpaquePointer) {
        for index in unsafe 0..<OPENSSL_sk_num(elements) {
            unsafe ASN1_TYPE_free(OPENSSL_sk_value(elements, index)?.assumingMemoryBound(to: ASN1_TYPE.self))
        }
        unsafe OPENSSL_sk_free(elements)
    }
}
