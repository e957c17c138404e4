import ArgumentParser
import ControlProtocol
import LocalSocket

/// What `renew` and `enroll` have in common: they order an exchange, and may wait for its end.
struct OrderOptions: ParsableArguments {
    @Argument(help: "The profile's name.")
    var profile: String
    @Flag(help: "Show the steps as they happen, until the new certificate is in place.")
    var wait = false
    @Option(help: ArgumentHelp("Wait at most so long.", valueName: "seconds"))
    var timeout = 300
    @Flag(help: "Print each step as a line of JSON.")
    var json = false
    @OptionGroup var root: RootOption

    func validate() throws {
        guard (1...86_400).contains(timeout) else {
            throw ValidationError("--timeout takes 1 to 86400 seconds, not \(timeout)")
        }
    }

    /// Orders the exchange. The agent goes on with it whatever becomes of this program.
    func carryOut(_ request: AgentRequest) async throws {
        let deadline = ContinuousClock.now + .seconds(wait ? timeout : min(timeout, 60))
        var isOrdered = false
        do {
            try await follow(request, deadline, &isOrdered)
        } catch let failure as Failure
            where !isOrdered && failure.problem == StatusDocument.Problem.agentStopped.code
        {
            // A process that makes place for one that sees another credential leaves the order to that one.
            try await follow(request, deadline, &isOrdered)
        }
    }

    private func follow(
        _ request: AgentRequest, _ deadline: ContinuousClock.Instant, _ isOrdered: inout Bool
    ) async throws {
        var replies = try root.ask(request, more: true, deadline: deadline).makeAsyncIterator()
        while let reply = try await next(&replies, isOrdered: isOrdered) {
            isOrdered = true
            show(reply)
            if reply.step == nil { return try end(reply) }
            guard wait else {
                if !json { Console.current.print("follow it with 'signetctl status \(profile) --watch'") }
                return
            }
        }
        throw Failure(
            .unreachable, "the agent ended before the exchange did",
            hints: ["it goes on by itself; see 'signetctl status \(profile)'"])
    }

    /// Out of time before the first step, the agent is to blame; after it, the exchange goes on without us.
    private func next(_ replies: inout AgentReplies.Iterator, isOrdered: Bool) async throws -> ProgressReply? {
        do {
            return try await replies.next(as: ProgressReply.self)
        } catch  where isOrdered && (error as? Failure)?.cause == .timedOut {
            throw Failure(
                .pending, "'\(profile)' is still under way after \(timeout) seconds",
                hints: ["it goes on by itself; see 'signetctl status \(profile)'"])
        }
    }

    private func show(_ reply: ProgressReply) {
        let console = Console.current
        guard !json else { return console.print(jsonLine(reply)) }
        guard let step = reply.step else { return }
        let time = reply.at.map { console.isTerminal ? $0.clock : "\($0)" } ?? ""
        console.print("\(time) \(printable(step))")
        guard let problem = reply.problem else { return }
        let style = Style(width: console.width, hasColours: console.hasColours)
        console.print(style.problem(problem, indent: 15, now: Timestamp(console.now())))
    }

    private func end(_ reply: ProgressReply) throws {
        guard let generation = reply.generation else {
            throw Failure(
                .pending, "the CA has the request for '\(profile)' and waits for a person",
                hints: ["have it approved there; the agent asks again by itself"])
        }
        if !json { Console.current.print("generation \(generation) is in place") }
    }
}
