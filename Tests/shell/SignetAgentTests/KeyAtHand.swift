import DeviceTag
import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import TestPKI
import X509

/// OpenSSL with a key at hand: one that is still being made when the last test ends would find the library taken down.
struct KeyAtHand: Cryptography, TagCryptography {
    private let library = OpenSSL()
    private let next: @Sendable () -> TestKey

    /// - Parameter next: what the next key is.
    init(_ next: @escaping @Sendable () -> TestKey = { .other }) { self.next = next }

    func generateKey(_ kind: KeyKind) throws -> Secret { next().secret }

    func sha256(_ bytes: [UInt8]) -> [UInt8] { library.sha256(bytes) }

    func randomBytes(_ count: Int) throws -> [UInt8] { try library.randomBytes(count) }

    func publicKeyInfo(of key: Secret) throws -> [UInt8] { try library.publicKeyInfo(of: key) }

    func provesPossession(of key: Secret, for certificate: Certificate) throws -> Bool {
        try library.provesPossession(of: key, for: certificate)
    }

    func selfSignedCertificate(subject: [UInt8], key: Secret, notBefore: Date, notAfter: Date) throws -> [UInt8] {
        try library.selfSignedCertificate(subject: subject, key: key, notBefore: notBefore, notAfter: notAfter)
    }

    func certificationRequest(_ content: RequestContent, key: Secret, challenge: Secret?) throws -> Secret {
        try library.certificationRequest(content, key: key, challenge: challenge)
    }

    func envelop(_ content: Secret, to recipient: Certificate, cipher: ContentCipher) throws -> [UInt8] {
        try library.envelop(content, to: recipient, cipher: cipher)
    }

    func envelop(_ content: Secret, password: Secret, cipher: ContentCipher) throws -> [UInt8] {
        try library.envelop(content, password: password, cipher: cipher)
    }

    func openEnvelope(_ envelopedData: [UInt8], password: Secret, legacyCiphers: Bool) throws -> [UInt8] {
        try library.openEnvelope(envelopedData, password: password, legacyCiphers: legacyCiphers)
    }

    func sign(
        _ content: [UInt8], attributes: [SignedAttribute], signer: Certificate, key: Secret, digest: DigestAlgorithm
    ) throws -> [UInt8] {
        try library.sign(content, attributes: attributes, signer: signer, key: key, digest: digest)
    }

    func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate {
        try library.verifySignedData(signedData, signers: signers)
    }

    func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] {
        try library.openEnvelope(envelopedData, recipient: recipient, key: key, legacyCiphers: legacyCiphers)
    }

    func isSignature(of certificate: Certificate, madeBy issuer: Certificate) -> Bool {
        library.isSignature(of: certificate, madeBy: issuer)
    }

    func isSignature(ofRevocationList der: [UInt8], madeBy issuer: Certificate) -> Bool {
        library.isSignature(ofRevocationList: der, madeBy: issuer)
    }

    func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate] {
        try library.path(from: leaf, intermediates: intermediates, anchors: anchors, at: time)
    }
}
