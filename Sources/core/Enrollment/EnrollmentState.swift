package import FoundationEssentials

/// Everything about a profile that must outlive the process. It is written before any action is carried out.
package struct EnrollmentState: Sendable, Equatable {
    /// The layout of the file; older ones are read.
    package static let version = 1

    /// The current generation; nil before the first enrollment.
    package var identity: IdentityFacts?
    /// The generation that the CA's successor issued, and that takes the current one's place when its time comes.
    package var next: IdentityFacts?
    /// The generation in whose place the current one of a successor's came: it is used again where the clock was ahead.
    package var replaced: IdentityFacts?
    /// When the current generation came, by this machine's clock.
    package var obtainedAt: Date?
    /// The generation that the installer confirmed last.
    package var published: Int?
    /// The generation that the installer found older than what is published, and that is renewed at once for that. Another
    /// one that it finds so before it has published any is not: each renewal has the PKI issue one more.
    package var outdatedGeneration: Int?
    /// The exchange that is under way or to be taken up again.
    package var transaction: Transaction?
    /// After a failure: when to try again, and how many failures there were.
    package var retry: Retry?
    /// The same for publishing.
    package var publishRetry: Retry?
    /// Per server URL, the rung of the ladder that worked last.
    package var remembered: [String: Rung] = [:]
    /// Per server URL, SHA-256 of the CA and RA certificates that took part last.
    package var authorities: [String: [String]] = [:]
    /// Per server URL, the registered capabilities that it has listed; algorithms stay, whatever it lists later.
    package var capabilities: [String: [String]] = [:]
    package var problems: [Problem] = []
    /// The current generation was found revoked.
    package var isRevoked = false
    /// The last generation that was issued to another machine, where this one's disk is a copy of that one's.
    package var foreignGeneration: Int?
    /// The single-use challenge was in a request that may have arrived: by itself it is not shown again, until the
    /// profile changes or an admin orders it.
    package var isChallengeSpent = false
    /// Digest of the profile at the last failure; another one makes the machine try at once.
    package var profileDigest: String?
    /// The same of the files that the profile has installed, as of the last look: others are published at once.
    package var filesDigest = ""
    /// Root removed the profile, and the installer took back what was published.
    package var isWithdrawn = false
    /// The device tag as last judged, for `since`.
    package var tag: TagMemory?

    package init() {}

    package func has(_ code: ProblemCode) -> Bool { problems.contains { $0.code == code } }
}

/// What decisions need to know of a generation.
package struct IdentityFacts: Sendable, Equatable, Codable {
    package var generation: Int
    package var notBefore: Date
    package var notAfter: Date
    /// Nothing can be encrypted to its key: it could sign the request for the next, and not open the reply.
    package var isSignOnly = false
    /// From when on it is used, where it was issued ahead of that; else nil.
    package var usedFrom: Date?

    package init(
        generation: Int, notBefore: Date, notAfter: Date, isSignOnly: Bool = false, usedFrom: Date? = nil
    ) {
        self.generation = generation
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.isSignOnly = isSignOnly
        self.usedFrom = usedFrom
    }

    /// Older versions knew RSA keys only.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        generation = try fields.decode(Int.self, forKey: .generation)
        notBefore = try fields.decode(Date.self, forKey: .notBefore)
        notAfter = try fields.decode(Date.self, forKey: .notAfter)
        isSignOnly = try fields.decodeIfPresent(Bool.self, forKey: .isSignOnly) ?? false
        usedFrom = try fields.decodeIfPresent(Date.self, forKey: .usedFrom)
    }
}

/// One exchange, from request to issue or refusal.
package struct Transaction: Sendable, Equatable, Codable {
    package enum Kind: String, Sendable, Codable { case enroll, renew }

    /// How far it is. Raw values are on disk and in status.
    package enum Step: String, Sendable, Codable {
        /// Discovering the server, making the key: nothing was sent yet, nothing depends on it.
        case preparing
        /// It may have arrived.
        case sent
        /// The PKI said PENDING.
        case pending
    }

    /// What a renewal has to do with the CA's successor. Raw values are on disk.
    package enum Succession: String, Sendable, Codable {
        /// The request is for the successor.
        case asked
        /// The server has no certificate of the successor's, so that the present CA is asked.
        case refused
    }

    package var kind: Kind
    package var rung: Rung
    package var server: String
    package var step: Step
    /// The transactionID, once the request is composed.
    package var id: String?
    package var startedAt: Date
    /// The request that was sent carried a challenge.
    package var challengeSent = false
    /// An admin ordered it, and answers for sending the challenge.
    package var isOrdered = false
    /// The reply to the request was lost: only CertPoll may ask after it.
    package var isRecovering = false
    /// CertPolls that may have arrived and brought nothing.
    package var unanswered = 0
    /// When the first PENDING came.
    package var pendingSince: Date?
    /// The rung whose request was lost, though the server answers; nil where none was.
    package var lostRung: Rung?
    /// Rungs that this server has refused in this transaction; nil where none.
    package var tried: [Rung]?
    /// The key in pending/ stood in a request whose fate is unknown, and is not used again.
    package var keyIsSpent = false
    /// PENDING answers since the request.
    package var polls = 0
    /// Not to be asked after before then.
    package var pollAt: Date?
    /// Whether the CA's successor is asked, ahead of its day; nil where nobody thought of it.
    package var succession: Succession?
    /// Tries at the present step, from 1.
    package var attempt = 1

    package init(kind: Kind, rung: Rung, server: String, step: Step = .preparing, startedAt: Date) {
        self.kind = kind
        self.rung = rung
        self.server = server
        self.step = step
        self.startedAt = startedAt
    }
}

/// The rungs of the renewal ladder, in their order (RFC 8894 §2.3; servers differ in which they take).
package enum Rung: String, Sendable, Codable, CaseIterable {
    /// RenewalReq (17) signed by the current identity.
    case renewalReq = "renewal-req"
    /// PKCSReq (19) signed by the current identity.
    case signedPKCSReq = "signed-pkcs-req"
    /// PKCSReq signed by the new key, with the challenge.
    case challenge
}

package struct Retry: Sendable, Equatable, Codable {
    package var at: Date
    package var count: Int
    package var sort: FailureSort

    package init(at: Date, count: Int, sort: FailureSort) {
        self.at = at
        self.count = count
        self.sort = sort
    }
}

package struct TagMemory: Sendable, Equatable, Codable {
    package var value: String
    package var since: Date

    package init(value: String, since: Date) {
        self.value = value
        self.since = since
    }
}
