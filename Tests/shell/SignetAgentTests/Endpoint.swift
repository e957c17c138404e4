import ControlProtocol
import DurableFiles
import Enrollment
import Faults
import FoundationEssentials
import Profiles
import SCEP
import Secrets
import SignetAgent
import Synchronization
import TestFiles
import Varlink

/// A management endpoint that answers as told, and keeps what it accepted.
final class Endpoint: Sendable {
    private struct State {
        var answers: [Result<HTTPResponse, TransportFault>] = []
        var usual: Result<HTTPResponse, TransportFault> = .success(HTTPResponse(status: 202))
        var accepted: [JSONValue] = []
        var asked = 0
        var accesses: [EndpointAccess] = []
        var before: @Sendable () -> Void = {}
    }
    private let state = Mutex(State())

    static let down = Result<HTTPResponse, TransportFault>.failure(TransportFault(.notConnected, attempted: "connect"))

    static func status(_ status: Int, retryAfter: Int? = nil) -> Result<HTTPResponse, TransportFault> {
        .success(HTTPResponse(status: status, retryAfter: retryAfter))
    }

    /// Answers the next requests so, and then as usual.
    func answer(_ answers: Result<HTTPResponse, TransportFault>..., then usual: Result<HTTPResponse, TransportFault>) {
        state.withLock {
            $0.answers = answers
            $0.usual = usual
        }
    }

    /// Runs before each answer.
    func before(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.before = body } }

    var asked: Int { state.withLock { $0.asked } }
    var accesses: [EndpointAccess] { state.withLock { $0.accesses } }
    var accepted: [JSONValue] { state.withLock { $0.accepted } }

    /// What was accepted, as "KIND[ SUBJECT]"; without heartbeats where told.
    func kinds(heartbeats: Bool = true) -> [String] {
        accepted.map { event in
            (event["type"]?.text?.dropFirst("io.signet.".count).description ?? "")
                + (event["subject"]?.text.map { " \($0)" } ?? "")
        }.filter { heartbeats || !$0.hasPrefix("heartbeat") }
    }

    var ports: ReportPorts { ports {} }

    /// - Parameter answered: runs after each answer, before it is had.
    func ports(_ answered: @escaping @Sendable () -> Void) -> ReportPorts {
        ReportPorts(
            transport: { access in
                self.state.withLock { $0.accesses.append(access) }
                return EndpointTransport(endpoint: self, answered: answered)
            },
            token: { name in
                guard name == "fleet-token" else { throw CredentialFailure("no token in the credential '\(name)'") }
                return Array("hush".utf8).withUnsafeBytes { Secret(copying: $0) }
            })
    }

    fileprivate func exchange(_ request: HTTPRequest) throws -> HTTPResponse {
        state.withLock { $0.before }()
        return try state.withLock { state in
            state.asked += 1
            let answer = state.answers.isEmpty ? state.usual : state.answers.removeFirst()
            if case .success(let response) = answer, (200..<300).contains(response.status) {
                state.accepted.append(try JSONDecoder().decode(JSONValue.self, from: Data(request.body)))
            }
            return answer
        }.get()
    }
}

private struct EndpointTransport: Transport {
    let endpoint: Endpoint
    let answered: @Sendable () -> Void

    func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        defer { answered() }
        return try endpoint.exchange(request)
    }
}

extension ManagementSettings {
    static let sample = ManagementSettings(endpoint: "https://fleet.example.com/events", token: "fleet-token")
}

/// A folder on the real disk, by way of a file system that a test may have fail.
struct ScratchFiles: StateFiles {
    let folder: String
    private let files: DurableFiles

    init(_ folder: String, _ calls: any FileSystemCalls) {
        self.folder = folder
        files = DurableFiles(calls: calls)
    }

    func read(_ path: String, limit: Int) throws -> [UInt8]? { try absent { try files.read(full(path), limit: limit) } }
    func readSecret(_ path: String, limit: Int) throws -> Secret? {
        try absent { try files.readSecret(full(path), limit: limit) }
    }
    func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws {
        try files.replace(full(path), with: bytes, mode: mode)
    }
    func stage(_ bytes: [UInt8], to path: String, mode: UInt32) throws {
        try files.stage(full(path), with: bytes, mode: mode)
    }
    func writeSecret(_ secret: Secret, to path: String, mode: UInt32) throws {
        try files.writeSecret(secret, to: full(path), mode: mode)
    }
    func makeFolder(_ path: String) throws {
        try files.makeDirectories(full(path), mode: 0o700)
        try files.removeLeftovers(in: full(path))
    }
    func rename(_ path: String, to target: String) throws { try files.renameDirectory(full(path), to: full(target)) }
    func remove(_ path: String) throws { _ = try absent { try files.removeTree(full(path)) } }
    func discard(_ path: String) throws { _ = try absent { try files.discard(full(path)) } }
    func syncFolder(_ path: String, files names: Set<String>) throws {
        try files.syncFolder(full(path), files: names)
    }
    func names(in path: String) throws -> [String] { try absent { try files.list(full(path)) } ?? [] }

    private func full(_ path: String) -> String { "\(folder)/\(path)" }

    private func absent<Result>(_ body: () throws -> Result) throws -> Result? {
        do {
            return try body()
        } catch let fault as FileFault where fault.code == .missing {
            return nil
        }
    }
}
