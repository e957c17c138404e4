import ControlProtocol
import Enrollment
import FoundationEssentials
package import Varlink

/// Answers calls on the agent's sockets. Which socket a call came in on decides what it may do: the kernel authorised
/// the caller when it connected.
package struct AgentService: Sendable {
    private let agent: Agent
    private let version: String
    /// Made with a call: it reads its interface's description, and most processes end without one.
    private var service: Service {
        Service(
            Service.Info(vendor: "Signet", product: "signetd", version: version, url: "urn:signet:agent"),
            interfaces: [AgentInterface.interface])
    }

    package init(_ agent: Agent, version: String) {
        self.agent = agent
        self.version = version
    }

    /// Carries out one call. The last reply has been handed to `reply` when it returns.
    ///
    /// - Parameters:
    ///   - onRefusal: called where the socket does not allow what the call asks for.
    ///   - reply: throws where the caller has gone; what was ordered goes on all the same.
    package func handle(
        _ call: Call, isAdmin: Bool, onRefusal: @Sendable () -> Void, reply: @Sendable (Reply) throws -> Void
    ) async throws {
        do {
            switch try service.route(call) {
            case .reply(let ready): try reply(ready)
            case .method: try await carryOut(try AgentRequest(call), call, isAdmin: isAdmin, reply: reply)
            }
        } catch let error as VarlinkError {
            if error == .permissionDenied { onRefusal() }
            try reply(try Reply(error))
        } catch let error as AgentError {
            try reply(try Reply(error.reply))
        }
    }

    private func carryOut(
        _ request: AgentRequest, _ call: Call, isAdmin: Bool, reply: @Sendable (Reply) throws -> Void
    ) async throws {
        guard isAdmin || !request.needsAdmin else { throw VarlinkError.permissionDenied }
        switch request {
        case .getStatus(let profile):
            let status = try await agent.status(profile)
            guard call.more else { return try reply(try Reply(StatusReply(status: status))) }
            for await status in await agent.changes() {
                let part = profile == nil ? status : status.part(of: profile)
                try reply(try Reply(StatusReply(status: part), continues: true))
            }
            try reply(try Reply(StatusReply(status: try await agent.status(profile))))
        case .evaluateTag(let profile):
            try reply(try Reply(TagsReply(tags: try await agent.evaluate(profile))))
        case .sendReport: try reply(try Reply(try await agent.sendReport()))
        case .probe(let url, let caIdentifier, let tlsCA):
            try reply(try Reply(try await agent.probe(url, caIdentifier: caIdentifier, tlsCA: tlsCA)))
        case .renew(let profile): try await follow(.renew, profile, call, reply)
        case .enroll(let profile): try await follow(.enroll, profile, call, reply)
        }
    }

    private func follow(
        _ kind: Enrollment.Transaction.Kind, _ profile: String, _ call: Call,
        _ reply: @Sendable (Reply) throws -> Void
    ) async throws {
        for await progress in try await agent.order(kind, of: profile) {
            switch progress {
            case .step(let step, let at):
                guard call.more else { continue }
                try reply(try Reply(ProgressReply(step: step, at: Timestamp(at)), continues: true))
            case .done(let generation): return try reply(try Reply(ProgressReply(generation: generation)))
            case .pending: return try reply(try Reply(ProgressReply(generation: nil)))
            case .failed(let problem):
                throw AgentError.failed(
                    StatusDocument.Problem(
                        problem
                            ?? Problem(.refused, since: Date(timeIntervalSince1970: 0), detail: "no reason is known")
                    ))
            }
        }
        // The stream ends without an outcome only where the agent stops.
        throw AgentError.failed(.agentStopped)
    }
}

extension StatusDocument {
    fileprivate func part(of profile: String?) -> StatusDocument {
        var part = self
        part.profiles.removeAll { $0.name != profile }
        return part
    }
}
