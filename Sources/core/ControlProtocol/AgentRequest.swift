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
    /// Of any server.
    case probe(url: String, caIdentifier: String?, tlsCA: String?)

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
        case AgentRequest.methodName("Probe"):
            let parameters = try call.parameters(as: OneServer.self)
            self = .probe(
                url: parameters.url, caIdentifier: parameters.caIdentifier, tlsCA: parameters.tlsCA)
        default: throw VarlinkError.methodNotFound(call.method)
        }
    }

    /// Whether only the admin socket takes it.
    package var needsAdmin: Bool {
        switch self {
        case .getStatus, .evaluateTag: false
        // Whoever may have it call a server of their choice uses this machine's place in the network.
        case .renew, .enroll, .sendReport, .probe: true
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
        case .probe(let url, let caIdentifier, let tlsCA):
            try Call(
                AgentRequest.methodName("Probe"), OneServer(url: url, caIdentifier: caIdentifier, tlsCA: tlsCA),
                more: more)
        }
    }

    private static func methodName(_ method: String) -> String { "\(AgentInterface.name).\(method)" }

    private struct OneProfile: Codable { let profile: String }
    private struct OptionalProfile: Codable { let profile: String? }
    private struct OneServer: Codable {
        let url: String
        let caIdentifier: String?
        let tlsCA: String?

        enum CodingKeys: String, CodingKey {
            case url
            case caIdentifier = "ca_identifier"
            case tlsCA = "tls_ca"
        }
    }
}
