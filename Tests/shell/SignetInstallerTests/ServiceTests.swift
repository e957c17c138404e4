import ControlProtocol
import Faults
import FoundationEssentials
import Installation
import Secrets
import SignetInstaller
import Synchronization
import TestFiles
import TestInstallation
import TestPKI
import Testing
import Varlink
import X509

/// Calls and replies as they go over the socket.
struct ServiceTests {
    private let refusals = Refusals()

    private func service(_ bench: Bench) -> InstallerService {
        InstallerService(
            Service.Info(vendor: "", product: "", version: "", url: ""), installer: bench.installer()
        ) { [refusals] event in
            if case .refused(let fault) = event { refusals.add(fault) }
        }
    }

    /// A request as the server takes it off the wire.
    private func call(_ request: InstallerRequest) throws -> Call {
        let frame = Frame()
        try request.frame().withBytes { frame.append($0) }
        return try Call(frame, secret: try frame.takeSecret(parameter: InstallerInterface.keyParameter))
    }

    private func publish(_ name: String, _ leaf: Certificate) -> InstallerRequest {
        .publish(
            PublishParameters(profile: name, generation: 1, certificate: leaf.der, chain: []),
            key: TestKey.device.secret)
    }

    @Test func `a publication and its reply go over the wire`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let service = service(try Bench(folder, files))
            let reply = try await service.reply(to: call(publish("access", leaf))).parameters(as: PublishReply.self)
            #expect(reply.generation == 1)
            #expect(reply.anchors.count == 1)
            let facts = try await service.reply(to: call(.getDeviceFacts)).parameters(as: DeviceFactsReply.self)
            #expect(facts == DeviceFactsReply(productSerial: "SN1", productUUID: nil))
            #expect(refusals.all.isEmpty)
        }
    }

    @Test(arguments: ["../../../etc/cron.d/x", "a/b", "", "A", "-a", "a\u{0}b", String(repeating: "a", count: 64)])
    func `a name that is no profile's is refused, with nothing of it in the reply`(name: String) async throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        try await withScratchFolder { folder in
            let service = service(try Bench(folder, files))
            for request in [publish(name, leaf), .withdraw(profile: name)] {
                let refusal = try await refusal(service, request)
                #expect(refusal.code == "malformed-request")
            }
            #expect(try entries(folder) == [])
            #expect(refusals.all.map(\.code) == [.malformedRequest, .malformedRequest])
        }
    }

    @Test func `a refusal says what to do and is logged once`() async throws {
        let files = try RootFiles()
        let leaf = try files.leaf { $0.subject = "CN=device-2,O=Example" }
        try await withScratchFolder { folder in
            let refusal = try await refusal(service(try Bench(folder, files)), publish("access", leaf))
            #expect(refusal.code == "unfit-certificate")
            #expect(refusal.text.contains("device-2"))
            #expect(refusal.text.hasSuffix(InstallationFaultCode.unfitCertificate.remedy))
            #expect(refusals.all.count == 1)
        }
    }

    @Test func `a call without a key, or of no method, is answered in Varlink's own words`() async throws {
        let files = try RootFiles()
        try await withScratchFolder { folder in
            let service = service(try Bench(folder, files))
            let parameters = PublishParameters(profile: "access", generation: 1, certificate: [], chain: [])
            let keyless = try await service.reply(to: Call("io.signet.Installer.Publish", parameters))
            #expect(keyless.error == "org.varlink.service.InvalidParameter")
            let unknown = try await service.reply(to: Call("io.signet.Installer.Run"))
            #expect(unknown.error == "org.varlink.service.MethodNotFound")
        }
    }

    private func refusal(_ service: InstallerService, _ request: InstallerRequest) async throws -> InstallerRefusal {
        let reply = try await service.reply(to: call(request))
        let error = #expect(throws: VarlinkError.self) { try reply.parameters(as: NoParameters.self) }
        return try #require(error.flatMap { InstallerRefusal($0) })
    }
}

/// What was logged.
private final class Refusals: Sendable {
    private let faults = Mutex<[InstallationFault]>([])

    func add(_ fault: InstallationFault) { faults.withLock { $0.append(fault) } }
    var all: [InstallationFault] { faults.withLock { $0 } }
}
