import ArgumentParser

struct ConfigCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Find every error in the configuration, with file and line.",
        discussion: """
            Without files it checks signet.toml, every profile, and the files that profiles name, by the rules that \
            signet-installd goes by. It needs no agent.
            """)

    @Argument(help: ArgumentHelp("Check only these files.", valueName: "file"))
    var files: [String] = []
    @Flag(help: "Print one JSON object.")
    var json = false
    @OptionGroup var root: RootOption

    func run() async throws {
        let check = ConfigCheck(root: root.root)
        let reports = files.isEmpty ? check.everything() : files.map { check.file($0) }
        let console = Console.current
        if json {
            console.print(jsonLine(["files": reports]))
        } else {
            for report in reports { console.print(report.text) }
            if reports.isEmpty { console.print("no profile in \(root.path("/etc/signet/profiles.d"))") }
        }
        let errors = reports.map(\.errors.count).reduce(0, +)
        guard errors == 0 else { throw Failure(.failed, "\(errors) error\(errors == 1 ? "" : "s") found") }
    }
}
