import ControlProtocol
import DurableFiles
import Enrollment
import FoundationEssentials
import Installation
import Profiles
import SCEP
import Secrets
import Synchronization
import TestFiles
import Testing
import X509

@testable import SignetAgent

/// A device whose disk is simulated, its SCEP server, and what was said and done outside of the disk: until the power goes.
final class Device: Sendable {
    /// What somebody outside knows at a moment.
    struct Outside: Sendable {
        var server: Responder
        var elapsed = 0.0
        /// What readers find as certificate.
        var published: [UInt8]?
        /// What the status file said last.
        var status: StatusDocument?
    }

    static let folder = "/var/lib/signet"

    let disk: SimulatedDisk
    let world: World
    private let history: Mutex<[Outside]>
    private let keysMade: Mutex<Int>

    init(_ image: DiskImage, _ outside: Outside, singleUse: Bool) throws {
        disk = SimulatedDisk(image)
        world = World(
            profiles: [try .sample(fingerprints: outside.server.fingerprints, singleUse: singleUse)])
        world.startInstaller()
        world.advance(outside.elapsed)
        world.tamper("office", outside.published)
        history = Mutex([outside])
        // A key that is made after the power came back is never the one that was made before.
        keysMade = Mutex(outside.server.requests + (outside.status == nil ? 0 : 1))
    }

    /// A disk as the package leaves it, and a server that has not heard of the device.
    static func new(_ server: Responder? = nil) throws -> (DiskImage, Outside) {
        let disk = SimulatedDisk()
        try DurableFiles(calls: disk).makeDirectories(folder)
        return (disk.image, Outside(server: try server ?? Responder()))
    }

    /// What was outside at a mark; the present one without a number.
    func outside(_ mark: Int? = nil) -> Outside { history.withLock { $0[mark ?? $0.count - 1] } }

    func outside(atCut cut: PowerCut) -> Outside { outside(cut.mark ?? 0) }

    var store: ProfileStore {
        get throws { ProfileStore(try #require(ProfileName("office")), files: files) }
    }

    private var files: any StateFiles { ScratchFiles(Self.folder, disk) }

    var ports: AgentPorts {
        var ports = world.ports
        ports.files = files
        ports.cryptography = KeyAtHand { [self] in
            keysMade.withLock { made in
                made += 1
                return Responder.deviceKeys[made % Responder.deviceKeys.count]
            }
        }
        ports.transport = { [self] _ in ResponderTransport(device: self) }
        ports.challenge = { _ in Array(Responder.challenge.utf8).withUnsafeBytes { Secret(copying: $0) } }
        ports.installer = NotingInstaller(device: self, installer: world.ports.installer)
        ports.publish = { [self] name, bytes in
            guard name == "status.json" else { return }
            let status = try StatusDocument(json: Data(bytes))
            note { $0.status = status }
        }
        return ports
    }

    /// Runs one process of the agent until the profile is as told. Whatever it waits for comes at once.
    ///
    /// - Returns: the profile, or nil where nothing comes by itself any more.
    func run(until condition: (StatusDocument.Profile) -> Bool) async throws -> StatusDocument.Profile? {
        let agent = Agent(ports)
        try await agent.start()
        var waits = 0
        var reached: StatusDocument.Profile?
        for await _ in await agent.changes() {
            if await agent.isBusy() { continue }
            // What was told before it was idle is no longer so.
            let profile = try #require(try await agent.status("office").profiles.first)
            if condition(profile) {
                reached = profile
                break
            }
            guard let next = profile.next, waits < 40 else { break }
            waits += 1
            world.advance(max(next.at.date.timeIntervalSince(world.ports.now()), 0) + 1)
            note { $0.elapsed = self.world.elapsed }
        }
        await agent.stop()
        return reached
    }

    fileprivate func exchange(_ request: HTTPRequest) throws -> HTTPResponse {
        let now = world.ports.now()
        var server = outside().server
        let response = try server.answer(request, now: now)
        note { $0.server = server }
        return response
    }

    fileprivate func notePublished(_ certificate: [UInt8]) {
        note { $0.published = PEM.encode(certificate, label: PEM.certificateLabel) }
    }

    private func note(_ change: (inout Outside) -> Void) {
        let mark = history.withLock { history in
            var outside = history[history.count - 1]
            change(&outside)
            history.append(outside)
            return history.count - 1
        }
        disk.mark(mark)
    }
}

private struct ResponderTransport: Transport {
    let device: Device
    func exchange(_ request: HTTPRequest) async throws -> HTTPResponse { try device.exchange(request) }
}

/// Notes what readers find once the installer has answered.
private struct NotingInstaller: Installer {
    let device: Device
    let installer: any Installer

    func publish(_ publication: Publication) async throws -> PublishedIdentity {
        let published = try await installer.publish(publication)
        device.notePublished(publication.certificate)
        return published
    }
    func withdraw(_ profile: ProfileName) async throws { try await installer.withdraw(profile) }
    func deviceFacts() async throws -> DeviceFacts { try await installer.deviceFacts() }
}
