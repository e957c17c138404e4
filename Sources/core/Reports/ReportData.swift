package import ControlProtocol

/// `data` of `tag.changed`.
package struct TagChange: Encodable, Sendable, Equatable {
    package var value: String
    /// The value before; absent where none was reported.
    package var previous: String?
    package var since: Timestamp
    package var validUntil: Timestamp?
    /// The checks that keep the tag from being valid; empty where it is.
    package var checks: [StatusDocument.Check]

    private enum CodingKeys: String, CodingKey {
        case value, previous, since
        case validUntil = "valid_until"
        case checks
    }
}

/// `data` of `identity.lost`.
package struct IdentityLoss: Encodable, Sendable, Equatable {
    package enum Reason: String, Encodable, Sendable {
        /// The certificate or its key is not on the device any more.
        case unusable
        /// Root's files do not name the profile any more.
        case profileRemoved = "profile-removed"
    }
    package var generation: Int
    /// SHA-256 of the certificate's DER in lower-case hex.
    package var sha256: String
    package var reason: Reason
}

/// `data` of `problem.cleared`, and a problem within a heartbeat.
package struct ProblemMark: Codable, Sendable, Equatable {
    package var code: String
    package var severity: StatusDocument.Problem.Severity
    package var since: Timestamp

    init(_ problem: StatusDocument.Problem) {
        code = problem.code
        severity = problem.severity
        since = problem.since
    }
}

/// `data` of `heartbeat`: the whole state, so that a receiver that missed something knows all of it again.
package struct Heartbeat: Encodable, Sendable, Equatable {
    package struct Tag: Encodable, Sendable, Equatable {
        package var value: String
        package var since: Timestamp
        package var validUntil: Timestamp?

        private enum CodingKeys: String, CodingKey {
            case value, since
            case validUntil = "valid_until"
        }
    }
    package struct Profile: Encodable, Sendable, Equatable {
        package var name: String
        package var state: StatusDocument.Profile.State
        package var identity: StatusDocument.Identity?
        package var published: Int?
        package var tag: Tag
        package var problems: [ProblemMark]
    }
    package var agent: StatusDocument.Agent
    package var device: StatusDocument.Device
    package var profiles: [Profile]
    package var problems: [ProblemMark]
    /// Reports that were never accepted, since the device was made.
    package var dropped: Int

    init(_ observation: Observation, dropped: Int) {
        agent = observation.agent
        device = observation.device
        profiles = observation.profiles.map { profile in
            let status = profile.status
            return Profile(
                name: status.name, state: status.state, identity: status.identity, published: status.published,
                tag: Tag(value: status.tag.value, since: status.tag.since, validUntil: status.tag.validUntil),
                problems: status.problems.map { ProblemMark($0) })
        }
        let unread = observation.unread.sorted { $0.key < $1.key }.flatMap(\.value)
        problems = (observation.problems + unread + observation.reporting).map { ProblemMark($0) }
        self.dropped = dropped
    }
}
