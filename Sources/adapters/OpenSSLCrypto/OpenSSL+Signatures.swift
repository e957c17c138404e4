import COpenSSL
import FoundationEssentials
package import SCEP
package import Secrets
package import X509

extension OpenSSL {
    package func sign(
        _ content: [UInt8], attributes: [SignedAttribute], signer: Certificate, key: Secret, digest: DigestAlgorithm
    ) throws -> [UInt8] {
        let attempt = Attempt("sign a message")
        let key = try PrivateKey.read(key, attempt)
        guard key.publicKeyInfo == signer.publicKeyInfo else {
            throw attempt.fault(.unusableKey, expected: "the signer's own private key")
        }
        let algorithm = try key.messageSignatureAlgorithm(digest, attempt)
        guard Set(attributes.map(\.type)).count == attributes.count else {
            throw attempt.fault(.malformed, expected: "each signed attribute once")
        }
        let all =
            try attributes.map { try der($0, attempt) } + [
                attribute(.contentType, DERWriter.objectIdentifier(.cmsData)),
                attribute(.messageDigest, DERWriter.octetString(try hash(content, digest, attempt))),
                attribute(.signingTime, try time(Date(), attempt)),
            ]
        // What is signed is the SET OF itself, whatever tag replaces its own in the message (RFC 5652 §5.4).
        let signed = DERWriter.setOf(all)
        let signature = unsafe try signed.withUnsafeBytes {
            unsafe try key.signature(over: $0, digest: digest, attempt)
        }
        let information = DERWriter.sequence(
            DERWriter.integer(1),
            DERWriter.sequence(signer.issuer.der, DERWriter.integer(content: signer.serialNumber)),
            DERWriter.algorithm(digest.identifier), [DERTag.context(0).rawValue] + signed.dropFirst(),
            algorithm, DERWriter.octetString(signature))
        return DERWriter.sequence(
            DERWriter.objectIdentifier(.cmsSignedData),
            DERWriter.element(
                .context(0),
                DERWriter.sequence(
                    DERWriter.integer(1), DERWriter.setOf([DERWriter.algorithm(digest.identifier)]),
                    DERWriter.sequence(
                        DERWriter.objectIdentifier(.cmsData),
                        DERWriter.element(.context(0), DERWriter.octetString(content))),
                    DERWriter.element(.context(0), signer.der), DERWriter.setOf([information]))))
    }

    package func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate {
        let attempt = Attempt("verify a signed message")
        guard let bare = try? CMSSignedMessage.withoutCertificates(signedData) else {
            throw attempt.fault(.malformed, expected: "a CMS SignedData")
        }
        let message = try CMSMessage(bare, type: NID_pkcs7_signed, expected: "a CMS SignedData", attempt)
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

/// An Attribute (RFC 5652 §5.3) with the one value.
private func attribute(_ type: ObjectIdentifier, _ value: [UInt8]) -> [UInt8] {
    DERWriter.sequence(DERWriter.objectIdentifier(type), DERWriter.element(.set, value))
}

private func der(_ signed: SignedAttribute, _ attempt: borrowing Attempt) throws -> [UInt8] {
    guard !signed.type.content.isEmpty else { throw attempt.fault(.malformed, expected: "an object identifier") }
    switch signed.value {
    case .printableString(let text):
        guard text.utf8.allSatisfy(isPrintableStringCharacter) else {
            throw attempt.fault(.malformed, expected: "characters of PrintableString", got: text)
        }
        return attribute(signed.type, DERWriter.string(.printableString, text))
    case .octetString(let octets): return attribute(signed.type, DERWriter.octetString(octets))
    }
}

private func hash(_ bytes: [UInt8], _ digest: DigestAlgorithm, _ attempt: borrowing Attempt) throws -> [UInt8] {
    unsafe try [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { target, written in
        var count: UInt32 = 0
        unsafe try attempt.check(EVP_Digest(bytes, bytes.count, target.baseAddress, &count, evp(digest), nil))
        written = Int(count)
    }
}

func evp(_ digest: DigestAlgorithm) -> OpaquePointer? {
    switch digest {
    case .sha1: unsafe EVP_sha1()
    case .sha256: unsafe EVP_sha256()
    case .sha384: unsafe EVP_sha384()
    case .sha512: unsafe EVP_sha512()
    }
}
