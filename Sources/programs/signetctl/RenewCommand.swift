import ArgumentParser
import ControlProtocol

struct RenewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Renew a profile's certificate now.")

    @OptionGroup var order: OrderOptions

    func run() async throws { try await order.carryOut(.renew(profile: order.profile)) }
}
