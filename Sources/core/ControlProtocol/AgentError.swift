package import Varlink

/// Why the agent did not do what it was asked.
package enum AgentError: Error, Sendable, Equatable {
    case noSuchProfile(String)
    /// Another exchange for this profile is under way.
    case busy(profile: String)
    case failed(StatusDocument.Problem)

    /// The error to reply with.
    package var reply: VarlinkError {
        switch self {
        case .noSuchProfile(let profile):
            VarlinkError(name: Name.noSuchProfile, parameters: ["profile": .string(profile)])
        case .busy(let profile):
            VarlinkError(name: Name.busy, parameters: ["profile": .string(profile)])
        case .failed(let problem):
            VarlinkError(
                name: Name.failed,
                parameters: [
                    "problem": [
                        "code": .string(problem.code), "severity": .string(problem.severity.rawValue),
                        "since": .string(problem.since.description), "text": .string(problem.text),
                        "remedy": .string(problem.remedy),
                    ]
                ])
        }
    }

    /// Reads an error that was replied; nil for one that is none of the agent's own.
    package init?(_ error: VarlinkError) {
        switch error.name {
        case Name.noSuchProfile: self = .noSuchProfile(error.parameters["profile"]?.text ?? "")
        case Name.busy: self = .busy(profile: error.parameters["profile"]?.text ?? "")
        case Name.failed:
            let problem = error.parameters["problem"]
            guard let code = problem?["code"]?.text, let text = problem?["text"]?.text,
                let severity = (problem?["severity"]?.text).flatMap(StatusDocument.Problem.Severity.init),
                let since = (problem?["since"]?.text).flatMap({ Timestamp($0) })
            else { return nil }
            self = .failed(
                StatusDocument.Problem(
                    code: code, severity: severity, since: since, text: text, remedy: problem?["remedy"]?.text ?? ""))
        default: return nil
        }
    }

    private enum Name {
        static let noSuchProfile = "\(AgentInterface.name).NoSuchProfile"
        static let busy = "\(AgentInterface.name).Busy"
        static let failed = "\(AgentInterface.name).Failed"
    }
}

extension StatusDocument.Problem {
    /// Of an order whose process stopped before its end. The next one takes up what was under way; what had not begun may be
    /// ordered again.
    package static let agentStopped = StatusDocument.Problem(
        code: "agent-stopped", severity: .warning, since: Timestamp(seconds: 0),
        text: "the agent stopped; what was under way is taken up at its next start",
        remedy: "run 'signetctl status' to see how it went on")
}
