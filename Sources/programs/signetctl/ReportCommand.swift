import ArgumentParser
import ControlProtocol

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Send the reports that wait, and a heartbeat, to the management endpoint now.",
        discussion: "Exit status: 0 the endpoint accepted everything, 1 something still waits or was refused.")

    @Flag(help: "Print what became of them as JSON.")
    var json = false
    @OptionGroup var root: RootOption

    func run() async throws {
        let console = Console.current
        // The agent gives a run two minutes, and judges the device tags before it.
        let reply = try await root.answer(to: .sendReport, as: SendReportReply.self, within: .seconds(240))
        if json {
            console.print(jsonLine(reply))
        } else {
            console.print("\(reply.sent) accepted, \(reply.waiting) waiting")
        }
        guard reply.waiting > 0 || reply.problem != nil else { return }
        guard let problem = reply.problem else {
            throw Failure(
                .failed, "reports wait until there is an identity to send them with",
                hints: ["follow the enrollment with 'signetctl status --watch'"])
        }
        throw Failure(.failed, "\(problem.text) [\(problem.code)]", hints: [problem.remedy])
    }
}
