import COpenSSL
import Faults
package import FoundationEssentials
package import SCEP
package import Secrets
import X509

extension OpenSSL {
    package func selfSignedCertificate(
        subject: [UInt8], key: Secret, notBefore: Date, notAfter: Date, digest: DigestAlgorithm = .sha256
    ) throws -> [UInt8] {
        let attempt = Attempt("make a self-signed certificate")
        let key = try PrivateKey.read(key, attempt)
        try requireName(subject, attempt)
        // 16 bytes with the top bits 01: positive, of one length, unpredictable (RFC 5280 §4.1.2.2).
        var serial = try randomBytes(16)
        serial[0] = serial[0] & 0x3F | 0x40
        let (algorithm, digest) = try key.signatureAlgorithm(rsa: digest, attempt)
        let extensions = DERWriter.sequence(
            RequestedExtension.keyUsage(isEncipherment: key.isRSA),
            RequestedExtension.subjectKeyIdentifier(try keyIdentifier(key.publicKeyInfo, attempt)))
        let content = DERWriter.sequence(
            DERWriter.element(.context(0), DERWriter.integer(2)), DERWriter.integer(content: serial), algorithm,
            subject,
            DERWriter.sequence(try time(notBefore, attempt), try time(notAfter, attempt)), subject, key.publicKeyInfo,
            DERWriter.element(.context(3), extensions))
        let signature = unsafe try content.withUnsafeBytes {
            unsafe try key.signature(over: $0, digest: digest, attempt)
        }
        return DERWriter.sequence(content, algorithm, DERWriter.bitString(signature))
    }

    package func certificationRequest(_ content: RequestContent, key: Secret, challenge: Secret?) throws -> Secret {
        let attempt = Attempt("make a certificate request")
        let key = try PrivateKey.read(key, attempt)
        try requireName(content.subject, attempt)
        var extensions: [UInt8] = []
        if !content.alternativeNames.isEmpty {
            do {
                extensions += try RequestedExtension.alternativeNames(content.alternativeNames)
            } catch {
                throw CryptographyFault(.malformed, attempted: "make a certificate request", cause: error)
            }
        }
        extensions += RequestedExtension.keyUsage(isEncipherment: key.isRSA)
        extensions += RequestedExtension.extendedKeyUsage(.clientAuth)
        let signed = SecretDER.element(
            .sequence, .open(DERWriter.integer(0) + content.subject + key.publicKeyInfo),
            .secret(
                try SecretDER.attributes(
                    extensions: DERWriter.element(.sequence, extensions), challenge: challenge,
                    isUTF8: content.hasUTF8Challenge, attempt)))
        let (algorithm, digest) = try key.signatureAlgorithm(rsa: content.digest, attempt)
        let signature = unsafe try signed.withBytes { unsafe try key.signature(over: $0, digest: digest, attempt) }
        return SecretDER.element(.sequence, .secret(signed), .open(algorithm + DERWriter.bitString(signature)))
    }
}

private func requireName(_ der: [UInt8], _ attempt: borrowing Attempt) throws {
    guard (try? DistinguishedName(der: der)) != nil else {
        throw attempt.fault(.malformed, expected: "a distinguished name in DER")
    }
}

/// RFC 5280 §4.2.1.2 method (1): SHA-1 of the key itself, which is no signature and needs no strength.
private func keyIdentifier(_ publicKeyInfo: [UInt8], _ attempt: borrowing Attempt) throws -> [UInt8] {
    guard var cursor = try? DERCursor(publicKeyInfo, reading: "the public key"),
        let key = try? cursor.readSequence({ (info) throws(X509Fault) in
            _ = try info.readAlgorithm()
            return try info.readBitString()
        })
    else { throw attempt.fault(.unusableKey, expected: "a public key in DER") }
    return unsafe try [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { digest, written in
        var count: UInt32 = 0
        unsafe try attempt.check(EVP_Digest(key, key.count, digest.baseAddress, &count, EVP_sha1(), nil))
        written = Int(count)
    }
}
