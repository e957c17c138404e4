import DeviceTag
import Enrollment
import Faults
import FoundationEssentials
import Installation
import JournalEntries
import OpenSSLCrypto
import Profiles
import SCEP
import Secrets
import Synchronization
import TestPKI
import Testing
import X509

@testable import SignetAgent

/// Everything outside the agent, scripted: a clock that stands until it is moved, a disk in memory, a server that
/// answers what it is told.
final class World: Sendable {
    let files = MemoryFiles()
    private let state: Mutex<State>

    static let begin = Date(timeIntervalSince1970: 1_800_000_000)

    private struct State {
        var now = World.begin
        var sleepers: [(until: Date, continuation: CheckedContinuation<Void, Never>)] = []
        var answer: Result<HTTPResponse, TransportFault>
        var asked = 0
        var configuration: Configuration
        /// Answers to `withdraw`, and the profiles that were named.
        var withdrawal: Result<Void, InstallationFault> = .failure(.absent)
        var withdrawn: [String] = []
        /// What readers find as certificate; published by an installer that is there.
        var published: [String: [UInt8]] = [:]
        var hasInstaller = false
        var publications = 0
        var entries: [JournalEntry] = []
        var traits = MachineTraits()
        /// What the firmware says; an installer that is there tells it.
        var firmware: DeviceFacts?
        var boot: String?
    }

    init(profiles: [Profile]) {
        state = Mutex(
            State(
                answer: .failure(TransportFault(.notConnected, attempted: "connect")),
                configuration: Configuration(profiles: profiles, refused: [])))
    }

    /// Profiles that the installer was asked to withdraw, one entry a request.
    var withdrawn: [String] { state.withLock { $0.withdrawn } }
    /// What was logged, by all processes.
    var entries: [JournalEntry] { state.withLock { $0.entries } }
    /// Requests to publish that were followed.
    var publications: Int { state.withLock { $0.publications } }

    /// From now on there is an installer, which follows every request.
    func startInstaller() {
        state.withLock {
            $0.hasInstaller = true
            $0.withdrawal = .success(())
        }
    }

    /// Replaces what readers of a profile find; nil removes it.
    func tamper(_ profile: String, _ certificate: [UInt8]?) { state.withLock { $0.published[profile] = certificate } }

    /// A profile's folder.
    func store(_ profile: String) throws -> ProfileStore {
        ProfileStore(try #require(ProfileName(profile)), files: files)
    }

    /// Puts an issued and published generation into a profile's folder; its certificate, as readers find it.
    func enroll(_ profile: String, machine: MachineMarks? = nil) throws -> [UInt8] {
        let store = try store(profile)
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        let device = try CertificateOrder("CN=laptop", key: .device, issuer: root).issue()
        try store.save(PendingKey(key: device.key.pem.withUnsafeBytes { Secret(copying: $0) }, signer: nil))
        let generation = try store.commitPending(
            IssuedCertificate(leaf: device.certificate, chain: [], root: root.certificate), at: ports.now(),
            machine: machine)
        var state = EnrollmentState()
        state.identity = generation.facts
        state.obtainedAt = generation.facts.notBefore
        state.published = generation.number
        try store.save(StateDocument(state: state))
        let pem = PEM.encode(device.certificate.der, label: PEM.certificateLabel)
        tamper(profile, pem)
        return pem
    }

    /// Who waits for a moment of the clock.
    var sleepers: Int { state.withLock { $0.sleepers.count } }

    var asked: Int { state.withLock { $0.asked } }

    func answer(_ answer: Result<HTTPResponse, TransportFault>) { state.withLock { $0.answer = answer } }

    func configure(_ configuration: Configuration) { state.withLock { $0.configuration = configuration } }

    /// Seconds since the story began.
    var elapsed: Double { ports.now().timeIntervalSince(Self.begin) }

    /// The installer does not answer any more.
    func loseInstaller() { state.withLock { $0.firmware = nil } }

    /// The disk is in this machine now, which was booted.
    func boot(_ boot: String, uuid: String?, machineID: String = "m", addresses: [String] = []) {
        state.withLock {
            $0.boot = boot
            $0.firmware = DeviceFacts(productSerial: nil, productUUID: uuid)
            $0.traits = MachineTraits(machineID: machineID, addresses: addresses)
        }
    }

    /// Moves the clock, and wakes whoever waited for a moment that has come.
    func advance(_ seconds: Double) {
        let due = state.withLock { state in
            state.now.addTimeInterval(seconds)
            let due = state.sleepers.filter { $0.until <= state.now }
            state.sleepers.removeAll { $0.until <= state.now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    var ports: AgentPorts {
        AgentPorts(
            now: { self.state.withLock { $0.now } },
            wait: { until in
                await withCheckedContinuation { continuation in
                    let isDue = self.state.withLock { state in
                        if until > state.now { state.sleepers.append((until, continuation)) }
                        return until <= state.now
                    }
                    if isDue { continuation.resume() }
                }
            },
            cryptography: KeyAtHand(), transport: { _ in ScriptedTransport(world: self) }, files: files,
            installer: ScriptedInstaller(world: self), configuration: { self.state.withLock { $0.configuration } },
            parse: { name, text in try .sample("\(name)", subject: String(decoding: text, as: UTF8.self)) },
            certificates: { _ in [] }, installedAnchors: { [] },
            publishedCertificate: { name in self.state.withLock { $0.published["\(name)"] } }, bytes: { _ in [] },
            challenge: { _ in "hush".utf8CString.withUnsafeBytes { .init(copying: $0) } },
            credential: { _ in Array("user:password".utf8).withUnsafeBytes { .init(copying: $0) } },
            facts: { [.hostname: "laptop"] }, traits: { self.state.withLock { $0.traits } },
            boot: { self.state.withLock { $0.boot } }, publish: { _, _ in },
            log: { entry in self.state.withLock { $0.entries.append(entry) } },
            versions: (agent: "test", openssl: "test"))
    }

    fileprivate func withdraw(_ profile: ProfileName) throws(InstallationFault) {
        let answer = state.withLock { state in
            state.withdrawn.append("\(profile)")
            if case .success = state.withdrawal { state.published["\(profile)"] = nil }
            return state.withdrawal
        }
        try answer.get()
    }

    fileprivate func publish(_ publication: Publication) throws(InstallationFault) -> PublishedIdentity {
        let isDone = state.withLock { state in
            guard state.hasInstaller else { return false }
            state.published["\(publication.profile)"] = PEM.encode(
                publication.certificate, label: PEM.certificateLabel)
            state.publications += 1
            return true
        }
        guard isDone else { throw .absent }
        return PublishedIdentity(
            generation: publication.generation,
            sha256: Hexadecimal.string(OpenSSL().sha256(publication.certificate)).lowercased(), anchors: [])
    }

    fileprivate func readFirmware() throws(InstallationFault) -> DeviceFacts {
        guard let firmware = state.withLock({ $0.firmware }) else { throw .absent }
        return firmware
    }

    fileprivate func exchange() throws -> HTTPResponse {
        try state.withLock { state in
            state.asked += 1
            return state.answer
        }.get()
    }
}

private struct ScriptedTransport: Transport {
    let world: World
    func exchange(_ request: HTTPRequest) async throws -> HTTPResponse { try world.exchange() }
}

private struct ScriptedInstaller: Installer {
    let world: World
    func publish(_ publication: Publication) async throws -> PublishedIdentity { try world.publish(publication) }
    func withdraw(_ profile: ProfileName) async throws { try world.withdraw(profile) }
    func deviceFacts() async throws -> DeviceFacts { try world.readFirmware() }
}

extension InstallationFault {
    fileprivate static let absent = InstallationFault(.unreachable, attempted: "reach the installer")
}

extension Profile {
    /// A profile for one server, which differs from another only as told.
    static func sample(
        _ name: String = "office", subject: String = "CN=${hostname}", anchors: [String] = [], chain: [String] = [],
        fingerprints: [[UInt8]] = [[UInt8](repeating: 1, count: 32)], singleUse: Bool = false
    ) throws -> Profile {
        Profile(
            name: try #require(ProfileName(name)),
            scep: SCEPSettings(
                urls: ["http://pki.example.com/scep"], caFingerprints: fingerprints,
                allowUnpinnedCA: false, raFingerprints: [],
                challenge: ChallengeSource(location: .credential("c"), singleUse: singleUse), security: .compatible,
                legacyRequest: false, afterRevocation: .wait, tlsCA: nil),
            subject: SubjectTemplate(name: subject, alternativeNames: []), key: KeySettings(.rsa(bits: 2048)),
            renewal: RenewalSettings(at: 0.66, spread: 0.1),
            install: InstallSettings(anchors: anchors, chain: chain, group: nil),
            deviceTag: DeviceTagSettings(
                identificationCAs: [], gateway: .mdca, requireRevocationCheck: false, revocationListURLs: []))
    }

    /// One whose tag needs a revocation list, and whose CA is any.
    static func sampleWithRevocationList() throws -> Profile {
        let sample = try sample()
        var scep = sample.scep
        scep.caFingerprints = []
        scep.allowUnpinnedCA = true
        var tag = sample.deviceTag
        tag.requireRevocationCheck = true
        tag.revocationListURLs = ["http://pki.example.com/ca.crl"]
        return Profile(
            name: sample.name, scep: scep, subject: sample.subject, key: sample.key, renewal: sample.renewal,
            install: sample.install, deviceTag: tag)
    }
}
