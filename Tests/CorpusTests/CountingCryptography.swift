import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import Synchronization
import X509

/// The real one, which counts what is dear.
final class CountingCryptography: Cryptography {
    private let real = OpenSSL()
    private let counts = Mutex((signatures: 0, envelopes: 0, paths: 0))

    var signatures: Int { counts.withLock { $0.signatures } }
    var envelopes: Int { counts.withLock { $0.envelopes } }
    var paths: Int { counts.withLock { $0.paths } }

    func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate {
        counts.withLock { $0.signatures += 1 }
        return try real.verifySignedData(signedData, signers: signers)
    }

    func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] {
        counts.withLock { $0.envelopes += 1 }
        return try real.openEnvelope(envelopedData, recipient: recipient, key: key, legacyCiphers: legacyCiphers)
    }

    func openEnvelope(_ envelopedData: [UInt8], password: Secret, legacyCiphers: Bool) throws -> [UInt8] {
        counts.withLock { $0.envelopes += 1 }
        return try real.openEnvelope(envelopedData, password: password, legacyCiphers: legacyCiphers)
    }

    func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate] {
        counts.withLock { $0.paths += 1 }
        return try real.path(from: leaf, intermediates: intermediates, anchors: anchors, at: time)
    }

    func isSignature(of certificate: Certificate, madeBy issuer: Certificate) -> Bool {
        real.isSignature(of: certificate, madeBy: issuer)
    }

    func isSignature(ofRevocationList der: [UInt8], madeBy issuer: Certificate) -> Bool {
        real.isSignature(ofRevocationList: der, madeBy: issuer)
    }

    func sha256(_ bytes: [UInt8]) -> [UInt8] { real.sha256(bytes) }
    func randomBytes(_ count: Int) throws -> [UInt8] { try real.randomBytes(count) }
    func generateKey(_ kind: KeyKind) throws -> Secret { try real.generateKey(kind) }
    func publicKeyInfo(of key: Secret) throws -> [UInt8] { try real.publicKeyInfo(of: key) }
    func selfSignedCertificate(
        subject: [UInt8], key: Secret, notBefore: Date, notAfter: Date
    ) throws -> [UInt8] {
        try real.selfSignedCertificate(subject: subject, key: key, notBefore: notBefore, notAfter: notAfter)
    }
    func certificationRequest(_ content: RequestContent, key: Secret, challenge: Secret?) throws -> Secret {
        try real.certificationRequest(content, key: key, challenge: challenge)
    }
    func envelop(_ content: Secret, to recipient: Certificate, cipher: ContentCipher) throws -> [UInt8] {
        try real.envelop(content, to: recipient, cipher: cipher)
    }
    func envelop(_ content: Secret, password: Secret, cipher: ContentCipher) throws -> [UInt8] {
        try real.envelop(content, password: password, cipher: cipher)
    }
    func sign(
        _ content: [UInt8], attributes: [SignedAttribute], signer: Certificate, key: Secret, digest: DigestAlgorithm
    ) throws -> [UInt8] {
        try real.sign(content, attributes: attributes, signer: signer, key: key, digest: digest)
    }
}
