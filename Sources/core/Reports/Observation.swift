package import ControlProtocol

/// What is so now, as far as it is known: the source of every report.
///
/// What is not known yet is left out and is no change: a profile whose folder was not read, and a tag that was not judged.
package struct Observation: Sendable, Equatable {
    /// One profile, once its folder was read.
    package struct Profile: Sendable, Equatable {
        package var status: StatusDocument.Profile
        /// Whether `status.tag` was judged by this process.
        package var isJudged: Bool

        package init(_ status: StatusDocument.Profile, isJudged: Bool) {
            self.status = status
            self.isJudged = isJudged
        }
    }

    package var agent: StatusDocument.Agent
    package var device: StatusDocument.Device
    /// What is wrong with the agent or the device as a whole, but for trouble with reports themselves.
    package var problems: [StatusDocument.Problem]
    /// Trouble with reports, which only a heartbeat tells of.
    package var reporting: [StatusDocument.Problem]
    /// In order of their names.
    package var profiles: [Profile]
    /// What is wrong with profiles of which nothing else is known: their files or folders cannot be read.
    package var unread: [String: [StatusDocument.Problem]]
    /// Names of all profiles that root's files hold, known or not. One that was reported and is not here is gone; nil
    /// where that cannot be told.
    package var configured: Set<String>?

    package init(
        agent: StatusDocument.Agent, device: StatusDocument.Device, problems: [StatusDocument.Problem] = [],
        reporting: [StatusDocument.Problem] = [], profiles: [Profile],
        unread: [String: [StatusDocument.Problem]] = [:], configured: Set<String>?
    ) {
        self.agent = agent
        self.device = device
        self.problems = problems
        self.reporting = reporting
        self.profiles = profiles
        self.unread = unread
        self.configured = configured
    }

    /// Whether a heartbeat would tell what is so: not while a tag is still being judged.
    package var isSettled: Bool { profiles.allSatisfy(\.isJudged) }
}
