import FoundationEssentials
import SCEP

/// What the machine notices by itself each time it is asked.
extension EnrollmentMachine {
    /// A changed profile is tried at once, and what it says of installation is carried out: publishing what is
    /// published already changes only what differs. A request that was not sent is made anew from it; one that may have
    /// arrived is still asked after.
    mutating func noticeChangedProfile() -> [EnrollmentAction] {
        guard state.profileDigest != rules.profileDigest else { return [] }
        defer { state.profileDigest = rules.profileDigest }
        guard state.profileDigest != nil else { return [] }
        state.retry = nil
        state.isChallengeSpent = false
        forgetServers()
        state.clear([.nextCANotPinned])
        // What waits was asked for by what the profile said before: it is had anew, if it still is to be.
        state.next = nil
        publishAnew()
        guard isWaitingToPrepare else { return [] }
        return dropTransaction()
    }

    /// Root replaced an anchor or a certificate of the chain under its name: machines that trust what the old file held
    /// go on doing so until it is published again.
    mutating func noticeChangedFiles() {
        guard state.filesDigest != rules.filesDigest else { return }
        state.filesDigest = rules.filesDigest
        publishAnew()
    }

    mutating func publishAnew() {
        state.publishRetry = nil
        state.published = nil
        isPublishingOutdated = isPublishing
    }

    /// What was wrong with root's files is corrected: what it kept back is tried at once.
    mutating func repair() {
        // The installer refused what it was asked meanwhile, and will not now.
        state.publishRetry = nil
        if state.has(.profileInvalid) { state.retry = nil }
    }

    /// A certificate that was valid when it came has not begun: the clock went back. Nothing follows from it but that
    /// people are told. And what came by a clock that was ahead came now at the latest.
    mutating func noticeClock(now: Date) {
        guard let identity = state.identity else { return }
        guard identity.notBefore <= now.addingTimeInterval(ExchangeLimits.clockSkew) else {
            return state.raise(.clockWrong, detail: "the certificate begins at \(identity.notBefore)", now: now)
        }
        if state.transaction == nil { state.clear([.clockWrong]) }
        if let obtained = state.obtainedAt, obtained > now { state.obtainedAt = now }
    }

    /// What is expired signs nothing any more: the way on is an enrollment.
    mutating func noticeExpiry(now: Date) -> [EnrollmentAction] {
        guard let identity = state.identity else { return [] }
        guard identity.notAfter <= now else {
            // Nor is a challenge needed for what a clock had end that was ahead.
            if state.has(.expired) { state.clear([.expired, .challengeSpent]) }
            return noticeUncalledEnrollment(now: now)
        }
        state.raise(.expired, detail: "", now: now)
        guard isWaitingToPrepare, state.transaction?.kind == .renew else { return [] }
        return dropTransaction()
    }

    /// An identity that is good again, since the clock was set back or a revocation taken back, needs no enrollment:
    /// unless somebody ordered it, the challenge is not sent for one.
    private mutating func noticeUncalledEnrollment(now: Date) -> [EnrollmentAction] {
        guard isWaitingToPrepare, let transaction = state.transaction, isUncalledFor(transaction, now: now) else {
            return []
        }
        // How it failed says nothing about the identity that is there.
        state.retry = nil
        state.clear(ProblemCode.ofRequests)
        return dropTransaction()
    }

    func isUncalledFor(_ transaction: Transaction, now: Date) -> Bool {
        transaction.kind == .enroll && !transaction.isOrdered && !needsEnrollment(now: now)
    }

    mutating func noticeRevocation(_ isRevoked: Bool, now: Date) {
        guard let identity = state.identity else { return }
        // That one which stands in for a revoked one is good gives nothing back.
        guard isRevoked || state.published ?? 0 <= identity.generation else { return }
        state.isRevoked = isRevoked
        if isRevoked { state.raise(.revoked, detail: "", now: now) } else { state.clear([.revoked]) }
    }

    /// A transaction that was to show the challenge may not do so any more, since the identity was revoked meanwhile.
    mutating func withholdChallenge(now: Date) -> [EnrollmentAction] {
        guard isWaitingToPrepare, let transaction = state.transaction, transaction.rung == .challenge,
            !mayShowChallenge(transaction)
        else { return [] }
        return dropTransaction()
    }

    /// Where only a new challenge helps, that is what people are told, and not that something is tried again.
    mutating func noticeSpentChallenge(now: Date) {
        let isDue = state.identity.map { awaitsChallengeToRenew($0) && renewalTime(of: $0) <= now } ?? false
        guard state.transaction == nil, isDue || needsEnrollment(now: now), needsNewChallenge else { return }
        let said: Set<ProblemCode> = [
            .challengeSpent, .challengeRefused, .clockRefused, .refused, .unfitCertificate, .pendingTooLong, .revoked,
        ]
        guard !state.problems.contains(where: { said.contains($0.code) }) else { return }
        state.setRequestProblem(.challengeSpent, detail: "", now: now)
    }

    private var isWaitingToPrepare: Bool { !isExchanging && state.transaction?.step == .preparing }
}
