import ControlProtocol
import Faults
package import Installation
package import Profiles
package import Varlink

/// `io.signet.Installer` as calls and replies: introspection, parameters, refusals.
package struct InstallerService: Sendable {
    private let service: Service
    private let installer: any Installer
    private let log: @Sendable (Event) -> Void

    /// What is worth a line in the log; each happens once a request.
    package enum Event: Sendable {
        case published(ProfileName, PublishedIdentity)
        case withdrawn(ProfileName)
        case refused(InstallationFault)
        /// Something that is no refusal failed.
        case failed(any Error)
    }

    package init(
        _ info: Service.Info, installer: any Installer, log: @escaping @Sendable (Event) -> Void
    ) {
        service = Service(info, interfaces: [InstallerInterface.interface])
        self.installer = installer
        self.log = log
    }

    /// Answers one call. Never throws: what goes wrong is the reply.
    package func reply(to call: Call) async throws -> Reply {
        do {
            if case .reply(let reply) = try service.route(call) { return reply }
            return try await carryOut(InstallerRequest(call))
        } catch let error as VarlinkError {
            return try Reply(error)
        } catch let fault as InstallationFault {
            log(.refused(fault))
            return try Reply(InstallerRefusal(code: fault.code.rawValue, text: fault.text).reply)
        } catch {
            log(.failed(error))
            let code = InstallationFaultCode.writeFailed
            return try Reply(InstallerRefusal(code: code.rawValue, text: "\(error). \(code.remedy)").reply)
        }
    }

    private func carryOut(_ request: InstallerRequest) async throws -> Reply {
        switch request {
        case .publish(let parameters, let key):
            let profile = try name(parameters.profile)
            let identity = try await installer.publish(
                Publication(
                    profile: profile, generation: parameters.generation, key: key,
                    certificate: parameters.certificate, chain: parameters.chain))
            log(.published(profile, identity))
            return try Reply(
                PublishReply(
                    generation: identity.generation, sha256: identity.sha256, anchors: identity.anchors))
        case .withdraw(let text):
            let profile = try name(text)
            try await installer.withdraw(profile)
            log(.withdrawn(profile))
            return try Reply()
        case .getDeviceFacts:
            let facts = try await installer.deviceFacts()
            return try Reply(
                DeviceFactsReply(productSerial: facts.productSerial, productUUID: facts.productUUID))
        }
    }

    private func name(_ text: String) throws -> ProfileName {
        guard let name = ProfileName(text) else {
            throw InstallationFault(
                .malformedRequest, attempted: "read the profile's name",
                expected: "[a-z0-9][a-z0-9-]{0,62}", got: "something else")
        }
        return name
    }
}
