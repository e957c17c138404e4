/// What `GetStatus` answers with.
package struct StatusReply: Codable, Sendable, Equatable {
    package var status: StatusDocument

    package init(status: StatusDocument) {
        self.status = status
    }
}

/// What `Renew` and `Enroll` answer with: a step as it happens, and at the end the generation.
package struct ProgressReply: Codable, Sendable, Equatable {
    /// What has been reached, or is being done now: lower-case, with hyphens. Absent at the end.
    package var step: String?
    /// When.
    package var at: Timestamp?
    /// What went wrong at this step, where the exchange goes on all the same.
    package var problem: StatusDocument.Problem?
    /// The new generation. In the last reply only, and absent there where the CA waits for a person.
    package var generation: Int?

    /// A step that was reached.
    package init(step: String, at: Timestamp, problem: StatusDocument.Problem? = nil) {
        self.step = step
        self.at = at
        self.problem = problem
    }

    /// The end.
    ///
    /// - Parameter generation: nil where the CA waits for a person.
    package init(generation: Int?) {
        self.generation = generation
    }
}

/// What `EvaluateTag` answers with.
package struct TagsReply: Codable, Sendable, Equatable {
    /// One profile's device tag.
    package struct Entry: Codable, Sendable, Equatable {
        package var profile: String
        package var tag: StatusDocument.Tag

        package init(profile: String, tag: StatusDocument.Tag) {
            self.profile = profile
            self.tag = tag
        }
    }

    /// In order of the profiles' names.
    package var tags: [Entry]

    package init(tags: [Entry]) {
        self.tags = tags
    }
}

/// What `SendReport` answers with.
package struct SendReportReply: Codable, Sendable, Equatable {
    /// Reports that the management endpoint accepted now.
    package var sent: Int
    /// Reports that still wait.
    package var waiting: Int
    /// Why they wait.
    package var problem: StatusDocument.Problem?

    package init(sent: Int, waiting: Int, problem: StatusDocument.Problem? = nil) {
        self.sent = sent
        self.waiting = waiting
        self.problem = problem
    }
}
