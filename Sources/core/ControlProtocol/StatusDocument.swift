/// What is, what is wrong, and what happens next and when: the status file, the `GetStatus` reply and
/// `signetctl status --json` are this one document. packaging/status.schema.json describes it to others.
///
/// No secret ever stands in it: the file is world-readable. What is not known or not the case is absent, never null.
package struct StatusDocument: Codable, Sendable, Equatable {
    /// The version of this shape. A field may be added within a version; one that goes or changes makes a new one.
    package static let schemaVersion = 1

    package var schemaVersion: Int
    /// When the agent wrote this.
    package var writtenAt: Timestamp
    /// When the timer starts the agent next, where it knows.
    package var nextTick: Timestamp?
    package var agent: Agent
    package var device: Device
    package var outbox: Outbox
    /// What is wrong with the agent or the device as a whole; empty where nothing is.
    package var problems: [Problem]
    /// One for each profile, in order of their names.
    package var profiles: [Profile]

    package init(
        writtenAt: Timestamp, nextTick: Timestamp? = nil, agent: Agent, device: Device, outbox: Outbox,
        problems: [Problem] = [], profiles: [Profile] = []
    ) {
        schemaVersion = StatusDocument.schemaVersion
        self.writtenAt = writtenAt
        self.nextTick = nextTick
        self.agent = agent
        self.device = device
        self.outbox = outbox
        self.problems = problems
        self.profiles = profiles
    }

    private enum CodingKeys: String, CodingKey {
        case schemaVersion = "schema_version"
        case writtenAt = "written_at"
        case nextTick = "next_tick"
        case agent, device, outbox, problems, profiles
    }
}

extension StatusDocument {
    /// The programs that wrote the document.
    package struct Agent: Codable, Sendable, Equatable {
        /// Signet's version.
        package var version: String
        /// The version of the OpenSSL library in use.
        package var openssl: String

        package init(version: String, openssl: String) {
            self.version = version
            self.openssl = openssl
        }
    }

    /// The machine.
    package struct Device: Codable, Sendable, Equatable {
        /// Made once from randomness; reports carry it.
        package var id: String
        package var hostname: String
        /// What the firmware says, where it says anything.
        package var serialNumber: String?

        package init(id: String, hostname: String, serialNumber: String? = nil) {
            self.id = id
            self.hostname = hostname
            self.serialNumber = serialNumber
        }

        private enum CodingKeys: String, CodingKey {
            case id, hostname
            case serialNumber = "serial_number"
        }
    }

    /// Reports that the management endpoint has not yet accepted.
    package struct Outbox: Codable, Sendable, Equatable {
        package var waiting: Int
        /// When the oldest of them was written.
        package var oldest: Timestamp?
        /// How many were never accepted: refused for what they are, or without room. Absent where none.
        package var dropped: Int?

        package init(waiting: Int, oldest: Timestamp? = nil, dropped: Int? = nil) {
            self.waiting = waiting
            self.oldest = oldest
            self.dropped = dropped
        }
    }

    /// Something that is wrong now, and what to do about it.
    package struct Problem: Codable, Sendable, Equatable {
        /// How bad it is. Raw values are stable.
        package enum Severity: String, Codable, Sendable, Equatable, CaseIterable {
            /// Worth a look; the identity can still be had, kept and used.
            case warning
            /// It keeps the identity from being had, kept or used.
            case error
        }

        /// Stable, lower-case, with hyphens.
        package var code: String
        package var severity: Severity
        /// When it began.
        package var since: Timestamp
        /// One sentence for a person.
        package var text: String
        /// What that person is to do.
        package var remedy: String

        package init(code: String, severity: Severity, since: Timestamp, text: String, remedy: String) {
            self.code = code
            self.severity = severity
            self.since = since
            self.text = text
            self.remedy = remedy
        }
    }
}
