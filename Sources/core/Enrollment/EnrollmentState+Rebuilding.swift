package import FoundationEssentials

extension EnrollmentState {
    /// What can still be told where the state file is lost: the identity, so that it does not count as issued now, and
    /// the request in pending/. Whether a single-use challenge was sent cannot be, so it counts as sent.
    package static func rebuilt(
        _ request: Transaction?, identity: IdentityFacts? = nil, rules: EnrollmentRules, because detail: String,
        now: Date
    ) -> EnrollmentState {
        var state = EnrollmentState()
        state.identity = identity
        state.transaction = request
        // It may have been sent, and may have been pending: both are asked after.
        state.transaction?.step = .sent
        state.transaction?.challengeSent = request?.rung == .challenge && rules.hasChallenge
        state.isChallengeSpent = rules.singleUseChallenge
        state.raise(.stateRebuilt, detail: detail, now: now)
        return state
    }
}
