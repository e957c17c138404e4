import FoundationEssentials
import OpenSSLCrypto
import SCEP
import Secrets
import Synchronization
import TestCryptography
import X509

/// The real one, which counts what is dear.
final class CountingCryptography: WrappedOpenSSL {
    let library = OpenSSL()
    private let counts = Mutex((signatures: 0, envelopes: 0, paths: 0))

    var signatures: Int { counts.withLock { $0.signatures } }
    var envelopes: Int { counts.withLock { $0.envelopes } }
    var paths: Int { counts.withLock { $0.paths } }

    func verifySignedData(_ signedData: [UInt8], signers: [Certificate]) throws -> Certificate {
        counts.withLock { $0.signatures += 1 }
        return try library.verifySignedData(signedData, signers: signers)
    }

    func openEnvelope(
        _ envelopedData: [UInt8], recipient: Certificate, key: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] {
        counts.withLock { $0.envelopes += 1 }
        return try library.openEnvelope(envelopedData, recipient: recipient, key: key, legacyCiphers: legacyCiphers)
    }

    func openEnvelope(_ envelopedData: [UInt8], password: Secret, legacyCiphers: Bool) throws -> [UInt8] {
        counts.withLock { $0.envelopes += 1 }
        return try library.openEnvelope(envelopedData, password: password, legacyCiphers: legacyCiphers)
    }

    func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate] {
        counts.withLock { $0.paths += 1 }
        return try library.path(from: leaf, intermediates: intermediates, anchors: anchors, at: time)
    }
}
