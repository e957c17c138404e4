import FoundationEssentials

extension EnrollmentMachine {
    mutating func confirmPublished(_ generation: Int) {
        isPublishing = false
        state.published = generation
        state.publishRetry = nil
        state.clear(ProblemCode.ofPublishing)
    }

    mutating func failPublishing(_ code: ProblemCode, _ detail: String, now: Date) {
        isPublishing = false
        state.clear(ProblemCode.ofPublishing.subtracting([code]))
        state.raise(code, detail: detail, now: now)
        state.publishRetry = Schedule.retry(
            after: .local, previous: state.publishRetry, fraction: rules.fraction,
            validUntil: state.identity?.notAfter, now: now)
    }
}
