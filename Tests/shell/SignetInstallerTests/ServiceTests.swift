import ControlProtocol
import Faults
import FoundationEssentials
import Installation
import JournalEntries
import OpenSSLCrypto
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
    private let logged = Entries()

    private func service(_ bench: Bench) -> InstallerService {
        InstallerService(
            Service.Info(vendor: "", product: "", version: "", url: ""), installer: bench.installer()
        ) { [logged] in logged.add($0) }
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
            let leafDigest = Hexadecimal.string(OpenSSL().sha256(leaf.der)).lowercased()
            let published: [JournalField: String] = [
                .profile: "access", .generation: "1", .fingerprint: leafDigest,
            ]
            #expect(logged.all.map(\.messageID) == [JournalEvent.published.messageID])
            #expect(logged.all.map(\.fields) == [published])
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
            let remedy = InstallationFaultCode.malformedRequest.remedy
            let fields: [JournalField: String] = [.problem: "malformed-request", .remedy: remedy]
            #expect(logged.all.map(\.fields) == [fields, fields])
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
            let entry = try #require(logged.all.first)
            #expect(logged.all.count == 1)
            #expect(entry.messageID == JournalEvent.installationRefused.messageID)
            #expect(entry.fields[.profile] == "access")
            #expect(entry.message == refusal.text)
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
private final class Entries: Sendable {
    private let entries = Mutex<[JournalEntry]>([])

    func add(_ entry: JournalEntry) { entries.withLock { $0.append(entry) } }
    var all: [JournalEntry] { entries.withLock { $0 } }
}
