import FoundationEssentials

extension EnrollmentMachine {
    mutating func confirmPublished(_ generation: Int) {
        isPublishing = false
        state.published = isPublishingOutdated ? nil : generation
        isPublishingOutdated = false
        state.publishRetry = nil
        state.outdatedGeneration = nil
        state.clear(ProblemCode.ofPublishing.union([.publicationAltered]))
    }

    /// Somebody removed or replaced what was published: it is published again, which changes only what differs.
    mutating func noticeAlteredPublication(_ detail: String, now: Date) {
        guard let identity = state.identity, state.published == identity.generation, !isPublishing else { return }
        state.published = nil
        state.publishRetry = nil
        state.raise(.publicationAltered, detail: detail, now: now)
    }

    mutating func failPublishing(_ code: ProblemCode, _ detail: String, now: Date) {
        isPublishing = false
        isPublishingOutdated = false
        state.clear(ProblemCode.ofPublishing.subtracting([code]))
        state.raise(code, detail: detail, now: now)
        state.publishRetry = Schedule.retry(
            after: .local, previous: state.publishRetry, fraction: rules.fraction,
            validUntil: state.identity?.notAfter, now: now)
    }
}
