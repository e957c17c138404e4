import ControlProtocol
import Faults
package import Installation
package import JournalEntries
import Profiles
package import Varlink

/// `io.signet.Installer` as calls and replies: introspection, parameters, refusals.
package struct InstallerService: Sendable {
    private let service: Service
    private let installer: any Installer
    private let log: @Sendable (JournalEntry) -> Void

    /// - Parameter log: gets one entry a request that publishes, withdraws or is refused.
    package init(
        _ info: Service.Info, installer: any Installer, log: @escaping @Sendable (JournalEntry) -> Void
    ) {
        service = Service(info, interfaces: [InstallerInterface.interface])
        self.installer = installer
        self.log = log
    }

    /// Answers one call. Never throws: what goes wrong is the reply.
    package func reply(to call: Call) async throws -> Reply {
        do {
            if case .reply(let reply) = try service.route(call) { return reply }
            return try await answer(InstallerRequest(call))
        } catch let error as VarlinkError {
            return try Reply(error)
        }
    }

    private func answer(_ request: InstallerRequest) async throws -> Reply {
        do {
            return try await carryOut(request)
        } catch let error as VarlinkError {
            throw error
        } catch let fault as InstallationFault {
            return try refuse(request, fault.code, fault.text)
        } catch {
            let code = InstallationFaultCode.writeFailed
            return try refuse(request, code, "\(error). \(code.remedy)")
        }
    }

    private func refuse(_ request: InstallerRequest, _ code: InstallationFaultCode, _ text: String) throws -> Reply {
        var fields: [JournalField: String] = [.problem: code.rawValue, .remedy: code.remedy]
        // A name that is none has no place in the journal.
        fields[.profile] = request.profile.flatMap { ProfileName($0) }.map { "\($0)" }
        log(JournalEntry(.installationRefused, text, fields))
        return try Reply(InstallerRefusal(code: code.rawValue, text: text).reply)
    }

    private func carryOut(_ request: InstallerRequest) async throws -> Reply {
        switch request {
        case .publish(let parameters, let key):
            let profile = try name(parameters.profile)
            let identity = try await installer.publish(
                Publication(
                    profile: profile, generation: parameters.generation, key: key,
                    certificate: parameters.certificate, chain: parameters.chain,
                    discardsPrevious: parameters.discardPrevious ?? false))
            log(
                JournalEntry(
                    .published, "published generation \(identity.generation) of '\(profile)'",
                    [
                        .profile: "\(profile)", .generation: "\(identity.generation)",
                        .fingerprint: identity.sha256,
                    ]))
            return try Reply(
                PublishReply(
                    generation: identity.generation, sha256: identity.sha256, anchors: identity.anchors))
        case .withdraw(let text):
            let profile = try name(text)
            try await installer.withdraw(profile)
            log(JournalEntry(.withdrawn, "withdrew '\(profile)'", [.profile: "\(profile)"]))
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

extension InstallerRequest {
    /// The name of the profile that it is about, as the caller wrote it.
    fileprivate var profile: String? {
        switch self {
        case .publish(let parameters, _): parameters.profile
        case .withdraw(let profile): profile
        case .getDeviceFacts: nil
        }
    }
}
