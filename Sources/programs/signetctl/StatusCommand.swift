import ArgumentParser
import ControlProtocol
import FoundationEssentials

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is, what is wrong, and what happens next and when.")

    @Argument(help: "Only this profile.")
    var profile: String?
    @Flag(help: "Print the status document (packaging/status.schema.json); with --watch one a line.")
    var json = false
    @Flag(help: "Go on, and show it again after every change.")
    var watch = false
    @OptionGroup var root: RootOption

    func run() async throws {
        guard watch else {
            return show(try await root.answer(to: .getStatus(profile: profile), as: StatusReply.self).status)
        }
        // Watched by a person, so it has no deadline.
        var replies = try root.ask(.getStatus(profile: profile), more: true, deadline: nil).makeAsyncIterator()
        while let reply = try await replies.next(as: StatusReply.self) { show(reply.status) }
        throw Failure(
            .unreachable, "the agent ended the stream", hints: ["run the command again: it starts the agent"])
    }

    private func show(_ status: StatusDocument) {
        let console = Console.current
        if json {
            console.print(
                watch ? jsonLine(status) : (try? status.json()).map { String(decoding: $0, as: UTF8.self) } ?? "")
            return
        }
        // The cursor to the upper left corner, and what is below it cleared.
        if watch, console.isTerminal { console.write("\u{1B}[H\u{1B}[J") }
        let style = Style(width: console.width, hasColours: console.hasColours)
        console.print(StatusText.render(status, style: style, now: Timestamp(console.now())))
        if watch, !console.isTerminal { console.print("") }
    }
}
