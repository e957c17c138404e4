package import FoundationEssentials
package import X509

/// Everything a device tag is judged from, found out beforehand (`DeviceTag.evidence`).
package struct TagEvidence: Sendable {
    /// The identity's certificate; nil where there is none.
    package var certificate: Certificate?
    /// Whether a first one is being requested, which tells `pending` from `none`.
    package var isRequested: Bool
    /// The certificates that are sent with it, in any order.
    package var chain: [Certificate]
    package var key: KeyEvidence
    package var path: PathEvidence
    /// One for each certificate on the path below the gateway's CA, the identity's first; empty where there is no path
    /// or revocation is not checked.
    package var revocation: [RevocationEvidence]
    package var publication: PublicationEvidence
    /// Another one takes its place before it ends.
    package var isSucceeded = false

    package init(
        certificate: Certificate?, isRequested: Bool = false, chain: [Certificate] = [], key: KeyEvidence = .absent,
        path: PathEvidence = .none("nothing to build it from"), revocation: [RevocationEvidence] = [],
        publication: PublicationEvidence = .absent
    ) {
        self.certificate = certificate
        self.isRequested = isRequested
        self.chain = chain
        self.key = key
        self.path = path
        self.revocation = revocation
        self.publication = publication
    }
}

/// What programs on the device find of the identity.
package enum PublicationEvidence: Sendable, Equatable {
    /// Nothing.
    case absent
    /// The identity before this one, which ends then.
    case earlier(notAfter: Date)
    /// This identity, or a later one for which this one stands in.
    case current
}

/// What became of the private key.
package enum KeyEvidence: Sendable, Equatable {
    /// There is none.
    case absent
    /// The library cannot read it; the text is its reason.
    case unreadable(String)
    /// It was made on another machine, and this one's disk is a copy of that one's.
    case copied
    /// It is another certificate's.
    case foreign
    /// It matches, and made no signature that verifies; the text is the reason.
    case signsNot(String)
    /// It matches, and a live signature verified.
    case proven
}

/// What became of building a path to the CAs that the gateway was given.
package enum PathEvidence: Sendable, Equatable {
    /// The identity's certificate first; `below` stops before the first CA that the gateway was given, `whole` ends
    /// with the last that is known.
    case found(below: [Certificate], whole: [Certificate])
    /// No identification CA is configured or readable.
    case noAuthorities
    /// No path; the text is the library's reason.
    case none(String)

    /// The whole path, the identity's certificate first; empty where there is none.
    package var whole: [Certificate] {
        guard case .found(_, let whole) = self else { return [] }
        return whole
    }
}

/// What the revocation lists say about one certificate.
package struct RevocationEvidence: Sendable, Equatable {
    package struct Attempt: Sendable, Equatable {
        package var url: String
        package var outcome: RevocationOutcome
        package init(url: String, outcome: RevocationOutcome) {
            self.url = url
            self.outcome = outcome
        }
    }

    package var certificate: Certificate
    /// Each place that was tried, in order; empty where there is none.
    package var attempts: [Attempt]

    package init(certificate: Certificate, attempts: [Attempt]) {
        self.certificate = certificate
        self.attempts = attempts
    }

    /// What counts: a list that names the certificate over one that does not, and either over a failure. Of failures,
    /// the first one from a list of the certificate's own issuer; nil where nothing was tried.
    package var deciding: Attempt? {
        attempts.first { $0.outcome == .listed } ?? attempts.first { $0.outcome.isGood }
            ?? attempts.first { $0.outcome != .otherIssuer } ?? attempts.first
    }
}
