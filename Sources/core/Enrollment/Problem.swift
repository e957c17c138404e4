package import FoundationEssentials

/// Something that is wrong now. Kept in state, so that `since` outlives the process.
package struct Problem: Sendable, Equatable, Codable {
    package var code: ProblemCode
    package var since: Date
    /// What exactly, in one line; never a secret.
    package var detail: String

    package init(_ code: ProblemCode, since: Date, detail: String) {
        self.code = code
        self.since = since
        self.detail = detail
    }

    /// The sentence for people: the table's, and what exactly.
    package var text: String { detail.isEmpty ? code.sentence : "\(code.sentence): \(detail)" }
}

/// Every kind of problem there is. Raw values are stable: fleets alert on them.
package enum ProblemCode: String, Sendable, Equatable, Codable, CaseIterable {
    case unreachable = "server-unreachable"
    case proxyFailing = "proxy-failing"
    case overloaded = "server-overloaded"
    case refused = "request-refused"
    case challengeRefused = "challenge-refused"
    case clockRefused = "clock-refused"
    case clockWrong = "clock-wrong"
    case untrustedReply = "untrusted-reply"
    case unfitCertificate = "unfit-certificate"
    case wrongCA = "wrong-ca"
    case raNotAuthorised = "ra-not-authorised"
    case raChanged = "ra-changed"
    case capabilitiesLost = "capabilities-lost"
    case nextCANotPinned = "next-ca-not-pinned"
    case notSCEP = "not-a-scep-server"
    case recipientUnsupported = "unsupported-recipient-key"
    case weakServer = "weak-server"
    case challengeSpent = "challenge-spent"
    case challengeUnavailable = "challenge-unavailable"
    case pendingTooLong = "pending-too-long"
    case expiresSooner = "expires-sooner"
    case expired
    case revoked
    case cloned
    case storage
    case keyLost = "key-lost"
    case profileInvalid = "profile-invalid"
    case subjectUnavailable = "subject-unavailable"
    case installRefused = "install-refused"
    case installerUnreachable = "installer-unreachable"
    case publicationAltered = "publication-altered"
    case notWithdrawn = "not-withdrawn"
    case cryptography
    case stateUnreadable = "state-unreadable"
    case stateRebuilt = "state-rebuilt"
    case endpointUnreachable = "endpoint-unreachable"
    case endpointFailing = "endpoint-failing"
    case endpointRefusesDevice = "endpoint-refuses-device"
    case endpointCredential = "endpoint-credential-unavailable"
    case reportRefused = "report-refused"
    case reportsNotKept = "reports-not-kept"

    /// How bad it is: an error keeps the identity from being had, kept or used.
    package enum Severity: String, Sendable, Codable { case warning, error }
}
