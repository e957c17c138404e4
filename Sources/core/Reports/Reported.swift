package import ControlProtocol

/// What the management endpoint has been told, or will be by what waits in the outbox.
///
/// Reports are the difference between this and what is so. It is synced after they are: whatever a crash leaves, the
/// difference that was not recorded is found again by the same code.
package struct Reported: Codable, Sendable, Equatable {
    struct Profile: Codable, Sendable, Equatable {
        var tag: String?
        var generation: Int?
        /// Of the generation's certificate.
        var sha256: String?
        var problems: [ProblemMark] = []
    }

    var profiles: [String: Profile] = [:]
    /// Of the agent or the device as a whole.
    var problems: [ProblemMark] = []

    package init() {}

    /// Takes over what is so, and answers with what has to be told, in the order in which causes come before effects.
    package mutating func update(to observation: Observation, now: Timestamp) -> [Report] {
        var reports: [Report] = []
        reports += Self.changes(&problems, to: observation.problems, of: nil)
        for name in profiles.keys.sorted() where observation.configured?.contains(name) == false {
            reports += farewell(name, now: now)
        }
        for (name, problems) in observation.unread.sorted(by: { $0.key < $1.key }) {
            reports += Self.changes(&profiles[name, default: Profile()].problems, to: problems, of: name)
        }
        for profile in observation.profiles {
            reports += update(profile)
        }
        return reports
    }

    private mutating func update(_ observed: Observation.Profile) -> [Report] {
        let status = observed.status
        var known = profiles[status.name] ?? Profile()
        var reports: [Report] = []
        if known.sha256 != status.identity?.sha256 || known.generation != status.identity?.generation {
            if let identity = status.identity {
                reports.append(Report(.identityIssued(identity), of: status.name))
            } else {
                reports += known.loss(.unusable, of: status.name)
            }
            (known.generation, known.sha256) = (status.identity?.generation, status.identity?.sha256)
        }
        if observed.isJudged, known.tag != status.tag.value {
            let change = TagChange(
                value: status.tag.value, previous: known.tag, since: status.tag.since,
                validUntil: status.tag.validUntil,
                checks: status.tag.isValid
                    ? [] : status.tag.checks.filter { $0.hard && [.fail, .unknown].contains($0.result) })
            reports.append(Report(.tagChanged(change), of: status.name))
            known.tag = status.tag.value
        }
        reports += Self.changes(&known.problems, to: status.problems, of: status.name)
        profiles[status.name] = known
        return reports
    }

    /// What is told of a profile that root's files do not name any more.
    private mutating func farewell(_ name: String, now: Timestamp) -> [Report] {
        guard let known = profiles.removeValue(forKey: name) else { return [] }
        var reports = known.loss(.profileRemoved, of: name)
        if let tag = known.tag, tag != Self.noTag {
            reports.append(
                Report(.tagChanged(TagChange(value: Self.noTag, previous: tag, since: now, checks: [])), of: name))
        }
        return reports + known.problems.map { Report(.problemCleared($0), of: name) }
    }

    /// Each kind of problem is raised once and cleared once, however its words change; a heartbeat tells them all.
    private static func changes(
        _ known: inout [ProblemMark], to problems: [StatusDocument.Problem], of profile: String?
    ) -> [Report] {
        var present: [ProblemMark] = []
        var raised: [Report] = []
        for problem in problems where !present.contains(where: { $0.code == problem.code }) {
            if let mark = known.first(where: { $0.code == problem.code }) {
                present.append(mark)
            } else {
                present.append(ProblemMark(problem))
                var problem = problem
                if problem.text.count > textLimit { problem.text = problem.text.prefix(textLimit) + "…" }
                raised.append(Report(.problemRaised(problem), of: profile))
            }
        }
        let codes = Set(present.map(\.code))
        let cleared = known.filter { !codes.contains($0.code) }.map { Report(.problemCleared($0), of: profile) }
        known = present
        return cleared + raised
    }

    private static let noTag = "none"
    /// Characters of a problem's text: brokers need not take events of more than 64 KiB (CloudEvents 1.0 §5).
    private static let textLimit = 2000
}

extension Reported.Profile {
    fileprivate func loss(_ reason: IdentityLoss.Reason, of name: String) -> [Report] {
        guard let generation, let sha256 else { return [] }
        return [Report(.identityLost(IdentityLoss(generation: generation, sha256: sha256, reason: reason)), of: name)]
    }
}
