import ArgumentParser

/// The command line: parses, runs one command, and ends with a status that scripts can rely on.
@main
struct Signetctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signetctl",
        abstract: "See and steer this machine's client certificates.",
        discussion: """
            Exit status: 0 done, 1 failed (tag: not valid; report: not all accepted; probe: not usable), \
            2 wrong usage, 3 agent unreachable, 4 not permitted, 5 pending or --wait ran out.
            """,
        subcommands: [
            StatusCommand.self, RenewCommand.self, EnrollCommand.self, TagCommand.self, ReportCommand.self,
            ProbeCommand.self, ConfigCommand.self,
        ])

    static func main() async { await runToTheEnd() }

    /// Not on the main thread's queue, which libdispatch takes down under it: see signet-installd.
    @concurrent private static func runToTheEnd() async -> Never {
        Console.current.end(await run(Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs the command that the arguments name, and says on standard error why where it fails.
    static func run(_ arguments: [String]) async -> ExitStatus {
        let console = Console.current
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .done
        } catch let failure as Failure {
            console.report(failure)
            return failure.status
        } catch {
            // Asking for help ends like this, too.
            guard exitCode(for: error) != .success else {
                console.print(fullMessage(for: error))
                return .done
            }
            guard exitCode(for: error) == .validationFailure else {
                console.report(Failure(.failed, "\(error)"))
                return .failed
            }
            let message = message(for: error)
            console.report(
                Failure(
                    .wrongUsage, message.prefix(1).lowercased() + message.dropFirst(),
                    hints: ["'signetctl --help' lists the commands, 'signetctl help COMMAND' tells about one"]))
            return .wrongUsage
        }
    }
}
