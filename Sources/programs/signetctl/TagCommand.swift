import ArgumentParser
import ControlProtocol
import FoundationEssentials

struct TagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Judge the device tag now, and show every check behind it.",
        discussion: "Exit status 0 says that every tag shown is valid-client-certificate.")

    @Argument(help: "Only this profile.")
    var profile: String?
    @Flag(help: "Print the tags as JSON.")
    var json = false
    @OptionGroup var root: RootOption

    func run() async throws {
        let console = Console.current
        let reply = try await root.answer(to: .evaluateTag(profile: profile), as: TagsReply.self)
        if json {
            console.print(jsonLine(reply))
        } else if !reply.tags.isEmpty {
            let style = Style(width: console.width, hasColours: console.hasColours)
            console.print(TagText.render(reply.tags, style: style, now: Timestamp(console.now())))
        }
        guard !reply.tags.isEmpty else {
            throw Failure(
                .failed, "there is no profile that could be used",
                hints: [
                    "put one into /etc/signet/profiles.d, or see 'signetctl status' for what is wrong with those there"
                ])
        }
        // The checks have said why.
        guard reply.tags.allSatisfy(\.tag.isValid) else { throw Failure(.failed) }
    }
}
