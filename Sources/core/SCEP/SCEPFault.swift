package import Faults

/// A failed step of the exchange: the server's answer is not one to act on.
package typealias SCEPFault = Fault<SCEPFaultCode>

/// Which check failed. Comments name the step of RFC 8894, or the attack that the check stops.
package enum SCEPFaultCode: String, FaultCode {
    /// The configured URL is no http or https URL.
    case badURL = "bad-url"
    /// Not the structure that was asked for: HTML, PEM, cut short, trailing bytes.
    case notSCEP = "not-scep"
    /// No CA certificate in the answer has a pinned fingerprint (RFC 8894 §2.2).
    case caNotPinned = "ca-not-pinned"
    /// An issuing CA below a pinned root is neither pinned nor named in the profile's chain.
    case issuingCANotAdmitted = "issuing-ca-not-admitted"
    /// A certificate offered as RA was not issued by an admitted CA.
    case raNotIssuedByCA = "ra-not-issued-by-ca"
    /// A certificate offered as RA has nothing that authorises it: any enrolled device could offer its own.
    case raNotAuthorised = "ra-not-authorised"
    /// A CA or RA certificate is outside its validity, by this machine's clock and by what the server said of its own.
    case authorityExpired = "authority-expired"
    /// This machine's clock is wrong: a pinned CA is not valid yet, or the server's clock says something else.
    case clockWrong = "clock-wrong"
    /// The key that requests would be encrypted to is no RSA key of 2048 bits or more, and they cannot be encrypted under
    /// the challenge either (RFC 8894 §3.1).
    case unsupportedRecipientKey = "unsupported-recipient-key"
    /// A CertRep whose structure is refused before it is verified.
    case malformedReply = "malformed-reply"
    /// The reply's signature is missing, wrong, or by another key than the CA's or RA's (V-04, V-05).
    case untrustedSigner = "untrusted-signer"
    /// Digest or cipher below what the profile's `security` allows.
    case weakAlgorithm = "weak-algorithm"
    /// messageType is not CertRep (RFC 8894 §3.2.1.2).
    case wrongMessageType = "wrong-message-type"
    /// transactionID is not the request's (RFC 8894 §3.2.1.1).
    case transactionMismatch = "transaction-mismatch"
    /// recipientNonce is not the senderNonce that was sent (RFC 8894 §3.2.1.5).
    case nonceMismatch = "nonce-mismatch"
    /// pkiStatus is none of SUCCESS, FAILURE and PENDING, or its content does not fit.
    case badStatus = "bad-status"
    /// The envelope is not for this machine, or does not open.
    case undecipherable
    /// No certificate in the reply is for the requested key.
    case keyMismatch = "key-mismatch"
    /// The issued certificate does not lead to the pinned CA, is too weak, or is a CA.
    case unfitCertificate = "unfit-certificate"
    case certificateNotCurrent = "certificate-not-current"
    /// The issued certificate is for another subject.
    case subjectMismatch = "subject-mismatch"
    /// The server returned the certificate that was to be renewed, or an older one.
    case notRenewed = "not-renewed"

    /// Whether the reply is the PKI's own, to this very request, and of no use: asking again has the PKI issue once more.
    package var isOfAuthenticReply: Bool {
        switch self {
        case .weakAlgorithm, .undecipherable, .keyMismatch, .unfitCertificate, .certificateNotCurrent, .subjectMismatch,
            .notRenewed:
            true
        default: false
        }
    }
}

/// Why an exchange brought no verdict. The sorts differ in who must act and when to try again.
package enum ExchangeFailure: Error, Sendable {
    /// No answer came.
    case noAnswer(TransportFault)
    /// An HTTP status that is no success; `retryAfter` in seconds where the server named it, `operation` with its URL.
    case status(Int, retryAfter: Int?, operation: String)
    /// An answer that a check refused.
    case untrusted(SCEPFault)
}

extension ExchangeFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noAnswer(let fault): "no answer: \(fault)"
        case .status(let status, let retryAfter, let operation):
            "HTTP status \(status) to \(operation)" + (retryAfter.map { ", retry after \($0) s" } ?? "")
        case .untrusted(let fault): "\(fault)"
        }
    }
}
