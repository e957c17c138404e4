import ArgumentParser
import ControlProtocol
import Glibc
import LocalSocket
import Varlink

/// `--root`, which every command has.
struct RootOption: ParsableArguments {
    @Option(help: ArgumentHelp("Take this folder for /.", valueName: "dir"))
    var root = "/"

    /// A path below the root.
    func path(_ path: String) -> String {
        root.last == "/" ? root + path.dropFirst() : root + path
    }

    /// Sends a request to the agent over the socket that takes it, and gives the replies as they come.
    ///
    /// - Throws: in the stream, `Failure`.
    func ask(_ request: AgentRequest, more: Bool, deadline: ContinuousClock.Instant?) throws -> AgentReplies {
        // Who may use the admins' socket does: others cannot hold all of its connections.
        let isAdmin = request.needsAdmin || access(path("/run/signet/admin"), W_OK) == 0
        let socket = path(isAdmin ? "/run/signet/admin" : "/run/signet/control")
        let call = try request.call(more: more)
        // The status of many profiles, each with every check, is longer than any call may be.
        let client = LocalClient(path: socket, frameLimit: ServerLimits.control.unreadBytes)
        return AgentReplies(replies: client.call(call, deadline: deadline), socket: socket)
    }

    /// Sends a request to the agent, and answers with what it replies.
    ///
    /// - Throws: `Failure`.
    func answer<Parameters: Decodable & Sendable>(
        to request: AgentRequest, as type: Parameters.Type, within limit: Duration = .seconds(60)
    ) async throws -> Parameters {
        var replies = try ask(request, more: false, deadline: .now + limit).makeAsyncIterator()
        guard let answer = try await replies.next(as: type) else {
            throw Failure(.unreachable, "the agent replied nothing", hints: ["look at its log: journalctl -u signetd"])
        }
        return answer
    }
}
