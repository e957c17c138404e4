import FoundationEssentials
import SCEP
import Secrets
import X509

/// Makes keys on a queue of its own, while the first requests of a transaction are under way.
actor KeyGenerator {
    private let executor = QueueExecutor(label: "io.signet.keys")
    private let cryptography: any Cryptography

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(cryptography: any Cryptography) {
        self.cryptography = cryptography
    }

    /// A new key, with the certificate that its own first request is signed by.
    ///
    /// - Parameter hasTransport: another one is made that receives what the key cannot.
    func generate(
        _ kind: KeyKind, hasTransport: Bool = false, subject: DistinguishedName, now: Date
    ) throws -> PendingKey {
        let key = try cryptography.generateKey(kind)
        let transport = hasTransport ? try cryptography.generateKey(.transport) : nil
        let signer = try RequestComposer.transactionSigner(
            subject: subject, key: transport ?? key, now: now, cryptography: cryptography)
        return PendingKey(key: key, transport: transport, signer: signer.certificate)
    }
}

/// The key of a request that was not composed yet.
struct PendingKey: Sendable {
    let key: Secret
    /// Where nothing can be encrypted to the key: the RSA key that may sign the transaction's messages and open their replies
    /// in its place. It ends with the transaction.
    var transport: Secret?
    /// Self-signed, for the transaction only (RFC 8894 §2.3); nil where it is to be made.
    let signer: Certificate?
}
