package import FoundationEssentials

extension ProblemCode {
    /// Of these one at most is present: the reason why the last request brought nothing.
    package static let ofRequests: Set<ProblemCode> = [
        .unreachable, .proxyFailing, .overloaded, .refused, .challengeRefused, .clockRefused, .clockWrong,
        .untrustedReply, .unfitCertificate, .wrongCA, .raNotAuthorised, .notSCEP, .recipientUnsupported,
        .challengeSpent, .challengeUnavailable,
        .pendingTooLong, .storage,
        .profileInvalid, .subjectUnavailable, .cryptography,
    ]

    /// Of these, only another challenge is the cure.
    package static let ofChallenges: Set<ProblemCode> = [.challengeUnavailable, .challengeRefused, .challengeSpent]

    package static let ofPublishing: Set<ProblemCode> = [.installRefused, .installerUnreachable]
}

extension EnrollmentState {
    /// Adds a problem, or renews what it says; `since` stays with the first time.
    package mutating func raise(_ code: ProblemCode, detail: String, now: Date) {
        if let index = problems.firstIndex(where: { $0.code == code }) {
            problems[index].detail = detail
        } else {
            problems.append(Problem(code, since: now, detail: detail))
        }
    }

    package mutating func clear(_ codes: Set<ProblemCode>) {
        problems.removeAll { codes.contains($0.code) }
    }

    /// Replaces the reason why the last request brought nothing.
    mutating func setRequestProblem(_ code: ProblemCode, detail: String, now: Date) {
        clear(ProblemCode.ofRequests.subtracting([code]))
        raise(code, detail: detail, now: now)
    }
}
