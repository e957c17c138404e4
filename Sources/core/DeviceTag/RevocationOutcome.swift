package import FoundationEssentials

/// What one revocation list, or the attempt to get it, says about one certificate.
package enum RevocationOutcome: Sendable, Equatable {
    /// Verified, current, and does not name the certificate, until the list ends.
    case good(nextUpdate: Date)
    /// Verified, and names the certificate. Even a list that has ended since says so.
    case listed
    /// Not fetched; the text is the reason.
    case unreachable(String)
    /// Not a revocation list.
    case malformed(String)
    /// A list of another CA.
    case otherIssuer
    /// Not signed by the certificate's issuer.
    case badSignature
    /// From the future.
    case notYetValid(thisUpdate: Date)
    /// Ended; nil where it never said when it ends.
    case stale(nextUpdate: Date?)
    /// Says nothing about this certificate; the text is the reason.
    case unsuitable(String)

    /// Whether the certificate is known to be not revoked.
    package var isGood: Bool {
        if case .good = self { return true }
        return false
    }
}

/// What came of fetching a revocation list.
package enum RevocationListFetch: Sendable, Equatable {
    /// The bytes that the server sent, DER or PEM.
    case fetched([UInt8])
    /// Why there are none.
    case unreachable(String)
}
