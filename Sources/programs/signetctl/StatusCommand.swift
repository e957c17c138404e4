import ArgumentParser
import ControlProtocol
import FoundationEssentials

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is, what is wrong, and what happens next and when.")

    @Argument(help: "Only this profile.")
    var profile: String?
    @Flag(help: "Print the status document (/usr/share/signet/status.schema.json); with --watch one a line.")
    var json = false
    @Flag(help: "Go on, and show it again after every change, until interrupted.")
    var watch = false
    @OptionGroup var root: RootOption

    func run() async throws {
        guard watch else {
            return show(try await root.answer(to: .getStatus(profile: profile), as: StatusReply.self).status)
        }
        try await showChanges()
    }

    /// Goes on until the user stops it. An agent that ends, as an idle one may, is called again, which starts it; after
    /// a second, so that a watcher does not keep one busy that ends at once.
    private func showChanges() async throws {
        let console = Console.current
        var shown = 0
        var isAway = false
        while true {
            let before = shown
            do {
                // Watched by a person, so it has no deadline.
                var replies = try root.ask(.getStatus(profile: profile), more: true, deadline: nil).makeAsyncIterator()
                while let reply = try await replies.next(as: StatusReply.self) {
                    show(reply.status)
                    shown += 1
                }
            } catch let failure as Failure where failure.status == .unreachable && shown > 0 {
                // Said once, however long it lasts.
                if shown == before, !isAway { console.report(failure) }
            }
            guard shown > 0 else {
                throw Failure(
                    .unreachable, "the agent replied nothing", hints: ["look at its log: journalctl -u signetd"])
            }
            isAway = shown == before
            try await console.pause(.seconds(1))
        }
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
