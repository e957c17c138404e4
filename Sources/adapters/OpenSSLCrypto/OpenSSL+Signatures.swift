import COpenSSL
package import SCEP
package import Secrets
package import X509

extension OpenSSL {
    package func sign(
        _ content: [UInt8], attributes: [SignedAttribute], signer: Certificate, key: Secret, digest: DigestAlgorithm
    ) throws -> [UInt8] {
        let attempt = Attempt("sign a message")
        let key = try PrivateKey.read(key, attempt)
        let certificate = try X509Object(signer, attempt)
        unsafe try attempt.check(
            X509_check_private_key(certificate.raw, key.raw), .unusableKey, expected: "the signer's own private key")
        guard Set(attributes.map(\.type)).count == attributes.count else {
            throw attempt.fault(.malformed, expected: "each signed attribute once")
        }

        // Not CMS_STREAM, which would make the result indefinite-length BER. Without CMS_BINARY line ends would change.
        let flags = UInt32(CMS_PARTIAL | CMS_BINARY | CMS_NOSMIMECAP)
        let message = unsafe CMSMessage(owning: try attempt.made(CMS_sign(nil, nil, nil, nil, flags)))
        let information = unsafe try attempt.made(
            CMS_add1_signer(message.raw, certificate.raw, key.raw, evp(digest), flags))
        for attribute in attributes { unsafe try add(attribute, to: information, attempt) }
        unsafe try content.withUnsafeBytes { bytes in
            let bio = unsafe try MemoryBIO(reading: bytes, attempt)
            unsafe try attempt.check(CMS_final(message.raw, bio.raw, nil, UInt32(CMS_BINARY)), .unusableKey)
        }
        return try message.der(attempt)
    }

    package func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate {
        let attempt = Attempt("verify a signed message")
        let message = try CMSMessage(signedData, type: NID_pkcs7_signed, expected: "a CMS SignedData", attempt)
        guard let information = unsafe message.onlySigner else {
            throw attempt.fault(.malformed, expected: "exactly one signer")
        }
        let allowed = try X509Stack(signers, attempt)
        guard (0..<allowed.count).contains(where: { unsafe CMS_SignerInfo_cert_cmp(information, allowed[$0]) == 0 })
        else { throw attempt.fault(.signerUnknown, expected: "a signature by the CA or one of its RAs") }

        // libcrypto wants content from elsewhere where there is none inside: PENDING and FAILURE (RFC 8894 §3.3.2).
        let empty = unsafe try MemoryBIO(reading: UnsafeRawBufferPointer(start: nil, count: 0), attempt)
        let content = unsafe message.hasNoContent ? empty.raw : nil
        let flags = UInt32(CMS_BINARY | CMS_NOINTERN | CMS_NO_SIGNER_CERT_VERIFY)
        unsafe try attempt.check(
            CMS_verify(message.raw, allowed.raw, nil, content, nil, flags), .signatureInvalid,
            expected: "an intact message, signed by the CA or one of its RAs")

        let found = unsafe CMS_get0_signers(message.raw)
        defer { unsafe OPENSSL_sk_free(found) }
        guard unsafe OPENSSL_sk_num(found) == 1,
            let signer = unsafe allowed.certificate(of: OpaquePointer(OPENSSL_sk_value(found, 0)))
        else { throw attempt.fault(.signerUnknown, expected: "a signature by the CA or one of its RAs") }
        return signer
    }
}

/// Adds one attribute to what will be signed. libcrypto checks neither the alphabet nor whether it stands there already.
private func add(_ attribute: SignedAttribute, to information: OpaquePointer, _ attempt: borrowing Attempt) throws {
    let content = attribute.type.content
    guard content.count < 0x80,
        let type = unsafe decode(
            [UInt8(V_ASN1_OBJECT), UInt8(content.count)] + content, with: { unsafe d2i_ASN1_OBJECT(nil, $0, $1) },
            free: { unsafe ASN1_OBJECT_free($0) })
    else { throw attempt.fault(.malformed, expected: "an object identifier") }
    defer { unsafe ASN1_OBJECT_free(type) }
    let tag: Int32
    let bytes: [UInt8]
    switch attribute.value {
    case .printableString(let text):
        (tag, bytes) = (V_ASN1_PRINTABLESTRING, Array(text.utf8))
        guard bytes.allSatisfy(isPrintableStringCharacter) else {
            throw attempt.fault(.malformed, expected: "characters of PrintableString", got: text)
        }
    case .octetString(let octets): (tag, bytes) = (V_ASN1_OCTET_STRING, octets)
    }
    unsafe try attempt.check(
        CMS_signed_add1_attr_by_OBJ(information, type, tag, bytes, Int32(clamping: bytes.count)))
}

func evp(_ digest: DigestAlgorithm) -> OpaquePointer? {
    switch digest {
    case .sha1: unsafe EVP_sha1()
    case .sha256: unsafe EVP_sha256()
    case .sha384: unsafe EVP_sha384()
    case .sha512: unsafe EVP_sha512()
    }
}
