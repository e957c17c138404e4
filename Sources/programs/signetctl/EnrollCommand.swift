import ArgumentParser
import ControlProtocol

struct EnrollCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Enroll a profile for the first time, or from scratch: new key, and the challenge.")

    @OptionGroup var order: OrderOptions

    func run() async throws { try await order.carryOut(.enroll(profile: order.profile)) }
}
