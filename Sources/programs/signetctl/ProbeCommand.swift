import ArgumentParser
import ControlProtocol

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Look at a SCEP server, and print the profile that would use it.",
        discussion: """
            Asks for capabilities and certificates, and after a request that does not exist; nothing changes there. \
            Nobody vouches for the answers: compare the fingerprints with what the PKI's owner says before you use them.
            Exit status: 0 certificates can be had from it, 1 it cannot be used as it is.
            """)

    @Argument(help: "The server's SCEP URL.")
    var url: String
    @Option(help: "Which of the server's CAs is meant.")
    var caIdentifier: String?
    @Flag(help: "Print what was found as JSON.")
    var json = false
    @OptionGroup var root: RootOption

    func run() async throws {
        let console = Console.current
        // Four questions, each with half a minute.
        let reply = try await root.answer(
            to: .probe(url: url, caIdentifier: caIdentifier), as: ProbeReply.self, within: .seconds(150))
        if json {
            console.print(jsonLine(reply))
        } else {
            let style = Style(width: console.width, hasColours: console.hasColours)
            console.print(ProbeText.render(reply, style: style, now: Timestamp(console.now())))
        }
        guard reply.usable else {
            throw Failure(.failed, "no certificate can be had from this server as it is", hints: ["see the findings"])
        }
    }
}
