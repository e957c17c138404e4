import ControlProtocol
import Faults
import FoundationEssentials
import Glibc
import Installation
import JournalEntries
import LocalSocket
import SignetInstaller
import SystemdHost
import Varlink

/// `signet-installd [--root DIR]`: root's program. Takes its socket, answers one request after the other, and is gone
/// when nobody has asked for ten seconds.
@main
struct SignetInstalld {
    private static let idle = Duration.seconds(10)

    /// Seconds from the decision to end until the process has ended, whatever it waits for.
    private static let endLimit = 1.5

    static func main() async {
        umask(0o077)
        ServiceManager.forbidDumps()
        Signals.ignoreBrokenPipes()
        let sockets = Result { () throws(HostFault) in try ServiceManager.passedSockets() }
        await run(sockets)
    }

    /// Not on the main thread's queue: the main thread ends while the others work, and whoever wakes its queue just then
    /// writes to a descriptor that is closed, or somebody else's (libdispatch, _dispatch_queue_cleanup2).
    @concurrent private static func run(_ sockets: Result<[String: Int32], HostFault>) async -> Never {
        let journal = Journal(program: "signet-installd")
        do {
            let arguments = try ServiceArguments(CommandLine.arguments)
            guard !arguments.wantsHelp else {
                print("usage: signet-installd [--root DIR]")
                exit(0)
            }
            let root = arguments.root.isEmpty ? "/" : arguments.root
            try await serve(root: root, journal: journal, sockets: sockets.get())
            // A publication that still waits for a disk is repeated: every step of it can be.
            _exit(0)
        } catch let fault as HostFault where fault.code == .badArguments {
            journal.log(JournalEntry(.failed, "\(fault)"))
            _exit(2)
        } catch {
            journal.log(JournalEntry(.failed, "\(error)"))
            _exit(1)
        }
    }

    private static func serve(root: String, journal: Journal, sockets: [String: Int32]) async throws {
        let termination = await Signals.termination()
        let ending = Task {
            for await _ in termination { return ServiceManager.endForCertain(after: endLimit) }
        }
        guard let socket = sockets["install"] ?? (sockets.count == 1 ? sockets.first?.value : nil) else {
            throw NoSocket()
        }
        let accounts = Accounts(root: root)
        let service = InstallerService(
            Service.Info(
                vendor: "Signet", product: "signet-installd", version: Release.version, url: "urn:signet:installer"),
            installer: SystemInstaller(root: root, try surroundings(root: root, accounts: accounts))
        ) { journal.log($0) }
        let callers = try accounts.callers()
        let timer = IdleTimer(idle)
        let refusals = RefusalLog(journal)
        let server = try LocalServer(
            LocalListener(adopting: socket), limits: .admin, secretParameter: InstallerInterface.keyParameter,
            onChange: { timer.connectionsChanged(to: $0) },
            handler: { call, connection in
                // A caller that has gone needs no reply: what was done is on disk, and it will ask again.
                guard let peer = connection.peer, callers.contains(peer.user) else {
                    refusals.note(.callerRefused(connection.peer))
                    try? connection.reply(VarlinkError.permissionDenied)
                    return
                }
                if let reply = try? await service.reply(to: call) { try? connection.reply(reply) }
            })
        let watchdog = Task { await ServiceManager.feedWatchdog() }
        ServiceManager.notifyReady()
        journal.log(JournalEntry(.started, "signet-installd \(Release.version) started"))
        let reason = await firstOf(
            {
                await withTaskCancellationHandler {
                    await ending.value
                } onCancel: {
                    ending.cancel()
                }
                return "asked to end"
            },
            {
                await timer.expiration()
                // Who has come in the last moment is served.
                await server.drain(within: idle)
                return "nobody has asked for a while"
            })
        ServiceManager.endForCertain(after: endLimit)
        refusals.end()
        journal.log(JournalEntry(.ended, "ends: \(reason)"))
        ServiceManager.notifyStopping()
        watchdog.cancel()
        await server.stop(within: .seconds(1))
    }

    /// Returns when one of both has returned, with what that one says.
    private static func firstOf(
        _ one: @escaping @Sendable () async -> String, _ other: @escaping @Sendable () async -> String
    ) async -> String {
        await withTaskGroup { group in
            group.addTask { await one() }
            group.addTask { await other() }
            defer { group.cancelAll() }
            return await group.next() ?? ""
        }
    }
}

extension JournalEntry {
    /// Somebody called who is neither root nor the agent.
    fileprivate static func callerRefused(_ peer: PeerCredentials?) -> JournalEntry {
        guard let peer else { return JournalEntry(.callerRefused, "refused a caller whom the kernel does not tell") }
        return JournalEntry(
            .callerRefused, "refused a caller: process \(peer.process) of user \(peer.user)",
            [.callerProcess: "\(peer.process)", .callerUser: "\(peer.user)"])
    }
}

/// Started by hand, without a socket to answer at.
private struct NoSocket: Error, CustomStringConvertible {
    let description = """
        no socket named 'install' was passed: start signet-installd.socket, or, outside systemd, run it under \
        'systemd-socket-activate --listen=PATH --fdname=install'
        """
}
