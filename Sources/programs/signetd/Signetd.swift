import ControlProtocol
import Faults
import FoundationEssentials
import Glibc
import JournalEntries
import LocalSocket
import Profiles
import SignetAgent
import SystemdHost
import TOMLConfiguration

/// `signetd [--root DIR]`: the agent. A list of what there is, wired together; then READY, and until it is idle.
@main
struct Signetd {
    static func main() async {
        ServiceManager.forbidDumps()
        ServiceManager.shareHeap()
        umask(0o077)
        Signals.ignoreBrokenPipes()
        let sockets = Result { () throws(HostFault) in try ServiceManager.passedSockets() }
        await run(sockets)
    }

    /// Not on the main thread's queue, which libdispatch takes down under it: see signet-installd.
    @concurrent private static func run(_ sockets: Result<[String: Int32], HostFault>) async -> Never {
        let journal = Journal(program: "signetd")
        do {
            let arguments = try ServiceArguments(CommandLine.arguments)
            guard !arguments.wantsHelp else {
                print("usage: signetd [--root DIR]")
                exit(0)
            }
            // Threads that still make a key or wait for a name server hold nothing that is not on disk.
            let ending = try await withTaskExecutorPreference(AgentExecutor.shared) {
                try await serve(root: arguments.root, journal: journal, sockets: sockets)
            }
            _exit(ending.rawValue)
        } catch let fault as HostFault where fault.code == .badArguments {
            journal.log(JournalEntry(.failed, "\(fault)"))
            _exit(2)
        } catch {
            journal.log(JournalEntry(.failed, "\(error)"))
            _exit(1)
        }
    }

    /// Within which a call that came in the last moment has had its answer; others wait for the next process meanwhile.
    private static let drainLimit = Duration.seconds(10)

    /// Seconds from the decision to end until the process has ended, whatever it waits for.
    private static let endLimit = 1.5

    /// Why the process ends, as its exit status.
    private enum Ending: Int32 {
        case done = 0
        /// To be started again at once (`RestartForceExitStatus=`); EX_TEMPFAIL of sysexits.h(3head).
        case startAnew = 75
    }

    private static func serve(
        root: String, journal: Journal, sockets: Result<[String: Int32], HostFault>
    ) async throws -> Ending {
        // Who can write a profile says to whom root's challenge is shown.
        let folder = ConfigurationFolder(
            root: root.isEmpty ? "/" : root, ownership: .rootOnly(uid: owner(of: root)))
        let settings = (try? folder.agentSettings()) ?? .init()
        let agent = Agent(wirePorts(root: root, folder: folder, journal: journal))
        // A profile that is dropped while the process runs starts nobody else. Watched before it is first read, or one
        // that comes in between would be seen by nobody.
        let changed = FolderWatch.changes(in: ConfigurationFolder.watched.map { root + $0 })
        let now: @Sendable () -> Date = { Date() }
        let lingering = Lingering(agent, idle: Double(settings.idleExit), now: now, wait: waitOnWallClock)
        // By a thread of its own: the agent's may wait for a disk, and the end is to come all the same.
        let termination = Task {
            for await _ in await Signals.termination() {
                return ServiceManager.endForCertain(after: endLimit, status: Ending.done.rawValue)
            }
        }
        let watchdog = AgentExecutor.task { await ServiceManager.feedWatchdog() }
        // Before READY: whoever asks for a new start does so after it.
        let hangups = await Signals.hangup()
        ServiceManager.notifyReady()
        journal.log(JournalEntry(.started, "signetd \(Release.version) started"))
        try await agent.start()
        // Not before: the caller who started the process by connecting is to find its profiles.
        let refusals = RefusalLog(journal)
        let servers = try openSockets(sockets.get(), agent, lingering, refusals)
        let ticks = AgentExecutor.task { await tickHourly(agent) }
        let changes = AgentExecutor.task { for await _ in changed { await agent.configurationChanged() } }
        let (reason, ending) = await firstOf(
            {
                await stayWhileNeeded(agent, lingering)
                // Whoever came in the last moment is served, and what that began is finished; whoever comes now is served
                // by the next process.
                if await lingering.servesTheLast {
                    for server in servers { await server.drain(within: drainLimit) }
                }
                await finishWork(of: agent)
                return ("idle until the next tick", Ending.done)
            },
            {
                await termination.value
                return ("asked to end", Ending.done)
            },
            {
                for await _ in hangups { break }
                await finishWork(of: agent)
                return ("asked to start anew", Ending.startAnew)
            })
        ticks.cancel()
        changes.cancel()
        refusals.end()
        journal.log(JournalEntry(.ended, "ends: \(reason)"))
        ServiceManager.notifyStopping()
        watchdog.cancel()
        ServiceManager.endForCertain(after: endLimit, status: ending.rawValue)
        await agent.stop()
        for server in servers { await server.stop(within: .seconds(1)) }
        return ending
    }

    /// Whose configuration counts: root's, and below a root of its own that of who made it.
    private static func owner(of root: String) -> UInt32 {
        var status = stat()
        return !root.isEmpty && stat(root, &status) == 0 ? status.st_uid : 0
    }

    /// Returns between two exchanges: a new process could only guess whether the request of one that it interrupts was
    /// heard. Each exchange has deadlines of its own.
    private static func finishWork(of agent: Agent) async {
        while await agent.isBusy(), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(100)) }
    }

    /// A process that is there when the timer fires is not started by it, so it ticks by itself.
    private static func tickHourly(_ agent: Agent) async {
        while !Task.isCancelled {
            await waitOnWallClock(until: Agent.nextTick(after: Date()))
            if !Task.isCancelled { await agent.tick() }
        }
    }

    /// Returns when nothing is left to do. A file that changed while the process ran starts nobody else, so root's
    /// configuration is read once more before the end.
    private static func stayWhileNeeded(_ agent: Agent, _ lingering: Lingering) async {
        var isNeeded = false
        repeat {
            await lingering.untilIdle()
            await agent.reload()
            // Somebody may have come while it was read.
            let isKept = await lingering.isKept
            isNeeded = await agent.isNeeded() || isKept
        } while isNeeded && !Task.isCancelled
    }

    /// The sockets that were passed, each with its own limits; `control` reads, `admin` does everything.
    private static func openSockets(
        _ sockets: [String: Int32], _ agent: Agent, _ lingering: Lingering, _ refusals: RefusalLog
    ) throws -> [LocalServer] {
        let service = AgentService(agent, version: Release.version)
        let counts = ClientCounts()
        AgentExecutor.task { for await total in counts.totals { await lingering.clients(total) } }
        return try sockets.map { name, descriptor in
            let isAdmin = name == "admin"
            return try LocalServer(
                LocalListener(adopting: descriptor), limits: isAdmin ? .admin : .control,
                executor: AgentExecutor.shared, onChange: { counts.set($0, of: name) },
                handler: { call, connection in
                    // A caller that has gone needs no reply.
                    try? await service.handle(
                        call, isAdmin: isAdmin, onRefusal: { refusals.note(.orderRefused(call, by: connection.peer)) },
                        reply: { try connection.reply($0) })
                })
        }
    }

    /// Runs all, and answers with what ended first.
    private static func firstOf(
        _ bodies: (@Sendable () async -> (reason: String, ending: Ending))...
    ) async -> (reason: String, ending: Ending) {
        let (stream, continuation) = AsyncStream.makeStream(of: (reason: String, ending: Ending).self)
        let tasks = bodies.map { body in AgentExecutor.task { continuation.yield(await body()) } }
        defer { for task in tasks { task.cancel() } }
        for await first in stream { return first }
        return ("nothing left to do", .done)
    }
}
