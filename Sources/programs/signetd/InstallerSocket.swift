import ControlProtocol
import Faults
import FoundationEssentials
import Installation
import LocalSocket
import Profiles
import Varlink

/// `signet-installd`, over its socket.
struct InstallerSocket: Installer {
    private let client: LocalClient
    /// Publishing may run the distribution's trust tool, which takes its time.
    private static let deadline = Duration.seconds(60)
    /// Facts are read in no time: what is left is that it has to be started.
    private static let factsDeadline = Duration.seconds(20)

    init(path: String) {
        client = LocalClient(path: path)
    }

    func publish(_ publication: Publication) async throws -> PublishedIdentity {
        let parameters = PublishParameters(
            profile: "\(publication.profile)", generation: publication.generation,
            certificate: publication.certificate, chain: publication.chain,
            discardPrevious: publication.discardsPrevious ? true : nil)
        let reply: PublishReply = try await ask(.publish(parameters, key: publication.key), "publish the certificate")
        return PublishedIdentity(generation: reply.generation, sha256: reply.sha256, anchors: reply.anchors)
    }

    func withdraw(_ profile: ProfileName) async throws {
        let _: NoParameters = try await ask(.withdraw(profile: "\(profile)"), "withdraw '\(profile)'")
    }

    func deviceFacts() async throws -> DeviceFacts {
        let reply: DeviceFactsReply = try await ask(
            .getDeviceFacts, "ask for the device's facts", within: Self.factsDeadline)
        return DeviceFacts(productSerial: reply.productSerial, productUUID: reply.productUUID)
    }

    private func ask<Answer: Decodable>(
        _ request: InstallerRequest, _ attempted: String, within deadline: Duration = InstallerSocket.deadline
    ) async throws -> Answer {
        do {
            return try await client.lastReply(to: try request.frame(), within: deadline).parameters()
        } catch let error as VarlinkError {
            guard let refusal = InstallerRefusal(error) else {
                throw InstallationFault(.malformedRequest, attempted: attempted, got: "\(error)")
            }
            throw InstallationFault(
                InstallationFaultCode(rawValue: refusal.code) ?? .malformedRequest, attempted: attempted,
                got: refusal.text)
        } catch {
            throw InstallationFault(.unreachable, attempted: attempted, cause: error)
        }
    }
}
