package import FoundationEssentials
package import X509

/// The PKI's side of a transaction, authenticated: whom requests are encrypted to, and who may sign replies.
///
/// Made by `AuthoritySelection.select` alone, which no unauthorised certificate passes (V-06).
package struct Authority: Sendable, Equatable {
    /// CA certificates that issued certificates may come from: pinned ones, and those below a pinned root that
    /// root's files name.
    package let issuers: [Certificate]
    /// The one certificate that requests are encrypted to; where its key cannot be, they are encrypted under the challenge.
    package let recipient: Certificate
    /// The certificates of which one must have signed every reply.
    package let signers: [Certificate]
    /// Everything the server offered, for building chains; trusted for nothing.
    package let offered: [Certificate]
    /// As listed now, or before where no list came now.
    package let capabilities: Capabilities
    /// As listed now.
    package internal(set) var listedCapabilities: Capabilities = .none
    /// Lower-case hex SHA-256 of recipient and signers, sorted: a change is worth an alarm.
    package let identity: [String]
    /// By how many seconds the server's clock was ahead of this machine's; nil where it did not say.
    package internal(set) var clockDifference: Double?
    /// From when on it issues, where it is the successor of the one that the server works with; else nil.
    package internal(set) var begins: Date?

    /// Whether requests can only be encrypted under the challenge, since the recipient's key signs and nothing else (RFC 8894
    /// §3.1).
    package var needsPassword: Bool { !recipient.publicKey.receives }

    /// The CA named as issuer in a CertPoll (RFC 8894 §3.3.3): the one that issued the RA, or is it.
    package var issuer: Certificate {
        issuers.first { $0 == recipient } ?? issuers.first { $0.subject.matches(recipient.issuer) } ?? recipient
    }
}
