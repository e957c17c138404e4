import ArgumentParser
import ControlProtocol
import Faults
import FoundationEssentials
import Profiles

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
    @Option(help: "A PEM file of the CA that the server's TLS certificate must lead to, in place of the system's.")
    var tlsCa: String?
    @Flag(help: "Print what was found as JSON.")
    var json = false
    @OptionGroup var root: RootOption

    func run() async throws {
        let console = Console.current
        do throws(ProfileFault) {
            try ServerURL.check(url)
            if let caIdentifier { try ProfileRules.check(caIdentifier: caIdentifier) }
        } catch {
            throw Failure(.wrongUsage, "\(error)", hints: [error.code.remedy])
        }
        // Five questions at most, each with half a minute, and a key.
        let reply = try await root.answer(
            to: .probe(url: url, caIdentifier: caIdentifier, tlsCA: try tlsAuthority()), as: ProbeReply.self,
            within: .seconds(200))
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

    private func tlsAuthority() throws -> String? {
        guard let tlsCa else { return nil }
        guard let bytes = try? Data(contentsOf: URL(filePath: tlsCa)), bytes.count <= 64 * 1024 else {
            throw Failure(
                .wrongUsage, "\(tlsCa) cannot be read, or is larger than 64 KiB",
                hints: ["give a PEM file of one CA certificate or a few"])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
