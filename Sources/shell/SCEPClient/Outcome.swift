import SCEP
import Secrets
import X509

/// What a request came to.
public enum Outcome: Sendable {
    /// DER: the certificate, and its issuers from the lowest upward, without a self-signed root.
    case issued(certificate: [UInt8], chain: [[UInt8]])
    /// A person at the PKI decides; ask again later.
    case pending(PendingRequest)
    /// The PKI's own word (`badRequest`, …) and text, for people.
    case refused(failInfo: String?, text: String?)
}

/// A request that the PKI has not decided on yet. It holds the key that signed it.
public struct PendingRequest: Sendable {
    let transaction: TransactionID
    let signer: MessageSigner
    let publicKeyInfo: [UInt8]
    let subject: DistinguishedName
    let current: Certificate?
    /// The challenge, where messages are encrypted under it.
    let password: Secret?

    init(_ expectation: Expectation) {
        transaction = expectation.message.transaction
        signer = expectation.signer
        publicKeyInfo = expectation.publicKeyInfo
        subject = expectation.subject
        current = expectation.current
        password = expectation.password
    }
}
