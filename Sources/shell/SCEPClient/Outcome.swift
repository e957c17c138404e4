import SCEP
import Secrets
import X509

/// What a request came to.
public enum Outcome: Sendable {
    /// DER: the certificate, and its issuers from the lowest upward, without a self-signed root. What of the reply was
    /// outdated cryptography, for people: "signs replies with SHA1".
    case issued(certificate: [UInt8], chain: [[UInt8]], weaknesses: [String])
    /// A person at the PKI decides; ask again later.
    case pending(PendingRequest)
    /// The PKI's own word (`badRequest`, …) and text, for people; a text that repeats the challenge is withheld.
    case refused(failInfo: String?, text: String?)
}

/// A request that the PKI has not decided on yet. It holds the key that signed it, and the challenge.
public struct PendingRequest: Sendable {
    let transaction: TransactionID
    let signer: MessageSigner
    let publicKeyInfo: [UInt8]
    let subject: DistinguishedName
    let current: Certificate?
    /// The challenge, where messages are encrypted under it.
    let password: Secret?
    /// What the text of a refusal must not repeat.
    let challenge: Secret?

    init(_ expectation: Expectation, challenge: Secret?) {
        self.challenge = challenge
        transaction = expectation.message.transaction
        signer = expectation.signer
        publicKeyInfo = expectation.publicKeyInfo
        subject = expectation.subject
        current = expectation.current
        password = expectation.password
    }
}
