import Faults
import FoundationEssentials
import SCEP
import Secrets
import X509

/// Cryptography that must not be asked for anything.
struct NoCryptography: Cryptography {
    private let fault = CryptographyFault(.libraryFailure, attempted: "do what this test has no use for")

    func sha256(_ bytes: [UInt8]) -> [UInt8] { [] }
    func randomBytes(_ count: Int) throws -> [UInt8] { throw fault }
    func generateKey(_ kind: KeyKind) throws -> Secret { throw fault }
    func publicKeyInfo(of key: Secret) throws -> [UInt8] { throw fault }
    func selfSignedCertificate(
        subject: [UInt8], key: Secret, notBefore: Date, notAfter: Date, digest: DigestAlgorithm
    ) throws -> [UInt8] { throw fault }
    func certificationRequest(_ content: RequestContent, key: Secret, challenge: Secret?) throws -> Secret {
        throw fault
    }
    func envelop(_ content: Secret, to recipient: Certificate, cipher: ContentCipher) throws -> [UInt8] { throw fault }
    func envelop(_ content: Secret, password: Secret, cipher: ContentCipher) throws -> [UInt8] { throw fault }
    func openEnvelope(_ envelopedData: [UInt8], password: Secret, legacyCiphers: Bool) throws -> [UInt8] { throw fault }
    func sign(
        _ content: [UInt8], attributes: [SignedAttribute], signer: Certificate, key: Secret, digest: DigestAlgorithm
    ) throws -> [UInt8] { throw fault }
    func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate { throw fault }
    func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] { throw fault }
    func isSignature(of certificate: Certificate, madeBy issuer: Certificate) -> Bool { false }
    func isSignature(ofRevocationList der: [UInt8], madeBy issuer: Certificate) -> Bool { false }
    func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate] { throw fault }
}
