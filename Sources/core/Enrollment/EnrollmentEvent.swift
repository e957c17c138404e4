package import FoundationEssentials
package import SCEP

/// What a profile asks of the machine, as values.
package struct EnrollmentRules: Sendable, Equatable {
    package var servers: [String]
    package var renewAt: Double
    package var spread: Double
    /// This device's place in the fleet for this profile, 0..<1 (`Schedule.fraction`).
    package var fraction: Double
    /// What a renewal begins with, as root says; nil: as the server's capabilities do.
    package var firstRung: Rung?
    package var hasChallenge: Bool
    package var singleUseChallenge: Bool
    /// `after-revocation = "enroll"`: a challenge may be sent by itself although the identity is revoked.
    package var enrollsAfterRevocation: Bool
    /// `after-cloning = "enroll"`: the same although the identity is another machine's.
    package var enrollsAfterCloning: Bool
    package var profileDigest: String
    /// Digest of what the files hold that the profile has installed; the profile only names them.
    package var filesDigest: String

    package init(
        servers: [String], renewAt: Double, spread: Double, fraction: Double, firstRung: Rung? = nil,
        hasChallenge: Bool,
        singleUseChallenge: Bool, enrollsAfterRevocation: Bool, enrollsAfterCloning: Bool = false,
        profileDigest: String, filesDigest: String = ""
    ) {
        self.servers = servers
        self.renewAt = renewAt
        self.spread = spread
        self.fraction = fraction
        self.firstRung = firstRung
        self.hasChallenge = hasChallenge
        self.singleUseChallenge = singleUseChallenge
        self.enrollsAfterRevocation = enrollsAfterRevocation
        self.enrollsAfterCloning = enrollsAfterCloning
        self.profileDigest = profileDigest
        self.filesDigest = filesDigest
    }
}

/// What happened. Bytes stay outside: the machine learns verdicts.
package enum EnrollmentEvent: Sendable, Equatable {
    /// The process started, and this lies on disk: `next` is what waits for its time beside `latest`.
    case started(latest: IdentityFacts?, hasPending: Bool, next: IdentityFacts? = nil)
    /// Time passed, or the configuration was read again.
    case ticked
    /// Root's file of the profile had errors, or what it names was missing, and that is over.
    case repaired
    /// An admin asked for it.
    case ordered(Transaction.Kind)
    /// Key and request are synced to pending/: by which rung, and whether it is for the CA's successor.
    case prepared(id: String, challengeSent: Bool, rung: Rung? = nil, isAhead: Bool = false)
    /// The server's certificates and weaknesses, as seen in an authenticated exchange.
    ///
    /// - Parameters:
    ///   - capabilities: registered keywords that the server listed (RFC 8894 §3.5.2); nobody signed them.
    ///   - isRefusal: whether the exchange brought FAILURE, as it does where a server knows none of what it lists.
    case observed(authority: [String], capabilities: [String], weaknesses: [String]?, isRefusal: Bool = false)
    /// The CA named its successor, authenticated: the lines of those that root's files do not name yet.
    case announced(unpinned: [String])
    /// The certificate is on disk as a generation.
    case issued(IdentityFacts)
    case replyPending
    /// An authenticated FAILURE.
    case refused(FailInfo?, text: String?)
    case failed(ExchangeTrouble)
    case published(Int)
    case publishFailed(ProblemCode, detail: String)
    /// A newer certificate is published than the current generation, which a backup must have brought back.
    case foundNewerPublished(detail: String)
    /// Readers do not find what was published, and how.
    case publicationAltered(String)
    /// What the revocation list says of the current generation.
    case revocation(isRevoked: Bool)
    /// The device tag was judged anew, with another value.
    case tagged(String)
}

/// An exchange that brought no verdict.
package struct ExchangeTrouble: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case noAnswer(requestMayHaveArrived: Bool)
        case httpStatus(Int, retryAfter: Int?)
        case untrusted
        /// The PKI's own answer, and what it issued is of no use.
        case unfit
        /// Nothing was sent: the rung cannot be taken here.
        case closed
        case local
    }
    package var kind: Kind
    package var code: ProblemCode
    package var detail: String

    package init(_ kind: Kind, code: ProblemCode, detail: String) {
        self.kind = kind
        self.code = code
        self.detail = detail
    }

    /// The same trouble, where it came while the server was discovered before a CertPoll: it says nothing about the
    /// request that the poll was to ask after.
    package var beforePoll: ExchangeTrouble {
        switch kind {
        case .noAnswer, .untrusted, .unfit, .closed: break
        case .httpStatus(let status, let retryAfter): if status == 429 || retryAfter != nil { return self }
        case .local: return self
        }
        return ExchangeTrouble(.noAnswer(requestMayHaveArrived: false), code: code, detail: detail)
    }
}

/// What is to be done, in order. All are idempotent: after a crash `.started` brings them again.
package enum EnrollmentAction: Sendable, Equatable {
    /// Discover the server, make or reuse the key in pending/, compose the request, sync it.
    case prepare(Transaction)
    /// Send the request that lies in pending/.
    case send(Transaction)
    /// Send a CertPoll for the request in pending/.
    case poll(Transaction)
    /// Remove pending/.
    case discardPending
    /// Have the installer publish this generation.
    case publish(generation: Int)
    /// The order cannot be followed now: an exchange is under way.
    case refuseOrder
    /// Nothing before then; nil where nothing is planned.
    case wait(until: Date?)
}
