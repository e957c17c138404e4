package import Varlink

/// A call to the agent, with its parameters read.
package enum AgentRequest: Sendable, Equatable {
    /// Of one profile, or of all.
    case getStatus(profile: String?)
    case renew(profile: String)
    case enroll(profile: String)
    /// Of one profile, or of all.
    case evaluateTag(profile: String?)
    case sendReport

    /// Reads a call that `Service.route` has let through.
    ///
    /// - Throws: `VarlinkError`, to be replied with.
    package init(_ call: Call) throws {
        switch call.method {
        case AgentRequest.methodName("GetStatus"):
            self = .getStatus(profile: try call.parameters(as: OptionalProfile.self).profile)
        case AgentRequest.methodName("Renew"):
            self = .renew(profile: try call.parameters(as: OneProfile.self).profile)
        case AgentRequest.methodName("Enroll"):
            self = .enroll(profile: try call.parameters(as: OneProfile.self).profile)
        case AgentRequest.methodName("EvaluateTag"):
            self = .evaluateTag(profile: try call.parameters(as: OptionalProfile.self).profile)
        case AgentRequest.methodName("SendReport"): self = .sendReport
        default: throw VarlinkError.methodNotFound(call.method)
        }
    }

    /// Whether only the admin socket takes it.
    package var needsAdmin: Bool {
        switch self {
        case .getStatus, .evaluateTag: false
        case .renew, .enroll, .sendReport: true
        }
    }

    /// The call to send.
    ///
    /// - Throws: `VarlinkFault.unencodable`.
    package func call(more: Bool = false) throws -> Call {
        switch self {
        case .getStatus(let profile):
            try Call(AgentRequest.methodName("GetStatus"), OptionalProfile(profile: profile), more: more)
        case .renew(let profile): try Call(AgentRequest.methodName("Renew"), OneProfile(profile: profile), more: more)
        case .enroll(let profile): try Call(AgentRequest.methodName("Enroll"), OneProfile(profile: profile), more: more)
        case .evaluateTag(let profile):
            try Call(AgentRequest.methodName("EvaluateTag"), OptionalProfile(profile: profile), more: more)
        case .sendReport: try Call(AgentRequest.methodName("SendReport"), more: more)
        }
    }

    private static func methodName(_ method: String) -> String { "\(AgentInterface.name).\(method)" }

    private struct OneProfile: Codable { let profile: String }
    private struct OptionalProfile: Codable { let profile: String? }
}
