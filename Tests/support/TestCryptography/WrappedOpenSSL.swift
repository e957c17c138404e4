package import FoundationEssentials
package import OpenSSLCrypto
package import SCEP
package import Secrets
package import X509

/// OpenSSL, but for what a test does in its place.
package protocol WrappedOpenSSL: Cryptography {
    var library: OpenSSL { get }
}

extension WrappedOpenSSL {
    package func generateKey(_ kind: KeyKind) throws -> Secret { try library.generateKey(kind) }

    package func sha256(_ bytes: [UInt8]) -> [UInt8] { library.sha256(bytes) }

    package func randomBytes(_ count: Int) throws -> [UInt8] { try library.randomBytes(count) }

    package func publicKeyInfo(of key: Secret) throws -> [UInt8] { try library.publicKeyInfo(of: key) }

    package func selfSignedCertificate(
        subject: [UInt8], key: Secret, notBefore: Date, notAfter: Date, digest: DigestAlgorithm
    ) throws -> [UInt8] {
        try library.selfSignedCertificate(
            subject: subject, key: key, notBefore: notBefore, notAfter: notAfter, digest: digest)
    }

    package func certificationRequest(_ content: RequestContent, key: Secret, challenge: Secret?) throws -> Secret {
        try library.certificationRequest(content, key: key, challenge: challenge)
    }

    package func envelop(_ content: Secret, to recipient: Certificate, cipher: ContentCipher) throws -> [UInt8] {
        try library.envelop(content, to: recipient, cipher: cipher)
    }

    package func envelop(_ content: Secret, password: Secret, cipher: ContentCipher) throws -> [UInt8] {
        try library.envelop(content, password: password, cipher: cipher)
    }

    package func openEnvelope(_ envelopedData: [UInt8], password: Secret, legacyCiphers: Bool) throws -> [UInt8] {
        try library.openEnvelope(envelopedData, password: password, legacyCiphers: legacyCiphers)
    }

    package func sign(
        _ content: [UInt8], attributes: [SignedAttribute], signer: Certificate, key: Secret, digest: DigestAlgorithm
    ) throws -> [UInt8] {
        try library.sign(content, attributes: attributes, signer: signer, key: key, digest: digest)
    }

    package func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate {
        try library.verifySignedData(signedData, signers: signers)
    }

    package func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] {
        try library.openEnvelope(envelopedData, recipient: recipient, key: key, legacyCiphers: legacyCiphers)
    }

    package func isSignature(of certificate: Certificate, madeBy issuer: Certificate) -> Bool {
        library.isSignature(of: certificate, madeBy: issuer)
    }

    package func isSignature(ofRevocationList der: [UInt8], madeBy issuer: Certificate) -> Bool {
        library.isSignature(ofRevocationList: der, madeBy: issuer)
    }

    package func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate] {
        try library.path(from: leaf, intermediates: intermediates, anchors: anchors, at: time)
    }
}
