extension StatusDocument {
    /// One profile: what the machine has for it, and what comes next.
    package struct Profile: Codable, Sendable, Equatable {
        /// Where the profile stands. Raw values are stable.
        package enum State: String, Codable, Sendable, Equatable, CaseIterable {
            /// No identity, and nothing under way.
            case none
            /// A first identity has been asked for.
            case requesting
            /// The CA has the request and waits for a person.
            case pending
            /// There is an identity, and nothing to do before the next date.
            case active
            /// There is an identity, and its successor has been asked for.
            case renewing
            /// The last attempt failed; `problems` says why and `next` when it is tried again.
            case failed
        }

        package var name: String
        package var state: State
        /// The current identity.
        package var identity: Identity?
        /// The one that the CA's successor issued, and that takes its place when `next` says.
        package var nextIdentity: Identity?
        /// The generation that consumers find below /etc/ssl/signet/NAME/current; absent where there is none.
        package var published: Int?
        /// The exchange under way.
        package var transaction: Transaction?
        /// What the agent does next by itself; absent where it waits for a person.
        package var next: NextAction?
        package var tag: Tag
        package var problems: [Problem]

        package init(
            name: String, state: State, identity: Identity? = nil, nextIdentity: Identity? = nil,
            published: Int? = nil, transaction: Transaction? = nil, next: NextAction? = nil, tag: Tag,
            problems: [Problem] = []
        ) {
            self.name = name
            self.state = state
            self.identity = identity
            self.nextIdentity = nextIdentity
            self.published = published
            self.transaction = transaction
            self.next = next
            self.tag = tag
            self.problems = problems
        }

        private enum CodingKeys: String, CodingKey {
            case name, state, identity
            case nextIdentity = "next_identity"
            case published, transaction, next, tag, problems
        }
    }

    /// One generation of a profile.
    package struct Identity: Codable, Sendable, Equatable {
        /// Counts up from 1 with every certificate issued.
        package var generation: Int
        /// RFC 4514 text.
        package var subject: String
        /// RFC 4514 text.
        package var issuer: String
        /// The certificate's serial number in lower-case hex.
        package var serial: String
        /// SHA-256 of the certificate's DER in lower-case hex.
        package var sha256: String
        package var notBefore: Timestamp
        package var notAfter: Timestamp
        /// Kind and size: `rsa-2048`, `ec-p256`.
        package var key: String

        package init(
            generation: Int, subject: String, issuer: String, serial: String, sha256: String, notBefore: Timestamp,
            notAfter: Timestamp, key: String
        ) {
            self.generation = generation
            self.subject = subject
            self.issuer = issuer
            self.serial = serial
            self.sha256 = sha256
            self.notBefore = notBefore
            self.notAfter = notAfter
            self.key = key
        }

        private enum CodingKeys: String, CodingKey {
            case generation, subject, issuer, serial, sha256
            case notBefore = "not_before"
            case notAfter = "not_after"
            case key
        }
    }

    /// One SCEP exchange that has not ended.
    package struct Transaction: Codable, Sendable, Equatable {
        /// The SCEP transactionID, once the request is composed.
        package var id: String?
        /// What is asked for: `enroll` or `renew`.
        package var kind: String
        /// How far it is: `preparing`, `sent` or `pending`.
        package var step: String
        /// Counts up from 1.
        package var attempt: Int

        package init(id: String?, kind: String, step: String, attempt: Int) {
            self.id = id
            self.kind = kind
            self.step = step
            self.attempt = attempt
        }
    }

    /// What the agent does next by itself, and when.
    package struct NextAction: Codable, Sendable, Equatable {
        /// `enroll`, `renew`, `poll` or `publish`; others may come, lower-case, with hyphens.
        package var action: String
        package var at: Timestamp

        package init(action: String, at: Timestamp) {
            self.action = action
            self.at = at
        }
    }
}
