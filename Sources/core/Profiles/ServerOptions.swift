/// What servers differ in, and neither capabilities nor certificates tell: options of `[scep]`, and the presets that
/// bundle them (`scep.server`).
package struct ServerOptions: Sendable, Equatable {
    /// For explaining what the server answers; what it sets is in the other options.
    package var server: ServerKind
    /// What a renewal begins with, as long as nothing is known to work; the other ways follow. nil: as the server's
    /// capabilities say.
    package var renewalRequest: RenewalRequest?
    /// Renewals carry the challenge, too, although the old certificate proves who asks (RFC 8894 §2.4 advises against).
    package var challengeOnRenewal: Bool
    package var challengeString: ChallengeString
    /// Sent as `message=` with GetCACaps and GetCACert: the name of a CA on a server that has several. Drafts had it.
    package var caIdentifier: String?
    /// In every transaction in place of a random one, for servers that know the requester by nothing else.
    package var transactionID: String?

    package init(
        server: ServerKind = .auto, renewalRequest: RenewalRequest? = nil, challengeOnRenewal: Bool = false,
        challengeString: ChallengeString = .printable, caIdentifier: String? = nil, transactionID: String? = nil
    ) {
        self.server = server
        self.renewalRequest = renewalRequest
        self.challengeOnRenewal = challengeOnRenewal
        self.challengeString = challengeString
        self.caIdentifier = caIdentifier
        self.transactionID = transactionID
    }

    /// Most bytes of an identifier and of a transaction's id.
    package static let textLimit = 64
}

/// `scep.renewal-request`: the first message of a renewal.
package enum RenewalRequest: String, Sendable, Equatable, CaseIterable {
    /// RenewalReq (17) signed with the current certificate.
    case renewalReq = "renewal-req"
    /// PKCSReq (19) signed with the current certificate.
    case pkcsReq = "pkcs-req"
    /// An enrollment from scratch, with the challenge.
    case challenge
}

/// `scep.challenge-string`: the ASN.1 type of the challengePassword (RFC 2985 §5.4.1).
package enum ChallengeString: String, Sendable, Equatable, CaseIterable {
    /// PrintableString where its alphabet allows that, else UTF8String.
    case printable
    /// UTF8String always.
    case utf8
}

/// `scep.server`: products whose ways are known. What they do beyond their options is worked out for each of them.
package enum ServerKind: String, Sendable, Equatable, CaseIterable {
    case auto, ndes, ejbca, openxpki, dogtag, xipki, cisco, ilm, micromdm
    case stepCA = "step-ca"

    /// The options that the preset stands for.
    package var options: ServerOptions {
        switch self {
        // They have PKCSReq signed with the old certificate for a renewal; RenewalReq, where it is advertised, fails.
        case .ndes, .openxpki, .cisco, .ilm: ServerOptions(server: self, renewalRequest: .pkcsReq)
        case .micromdm, .stepCA:
            ServerOptions(server: self, renewalRequest: .renewalReq, challengeOnRenewal: true)
        case .auto, .ejbca, .dogtag, .xipki: ServerOptions(server: self)
        }
    }
}
