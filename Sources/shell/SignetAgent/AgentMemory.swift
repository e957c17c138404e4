import Enrollment
import FoundationEssentials
import SCEP
import X509

/// `device.json`: what the agent keeps that belongs to no profile.
struct AgentMemory: Sendable, Codable {
    private static let knownVersion = 1
    var version = knownVersion
    /// The device's id: made once from randomness and kept, since cloned images share a machine-id. Empty where it is
    /// not known.
    var id: String
    /// The machine whose id that is; older versions did not keep it. An identity has what it was when it was issued, and
    /// keeps that.
    var machine: MachineMarks?
    /// The boot in which that was last compared.
    var comparedIn: String?
    /// The machine's serial number as the installer told it last, for the status.
    var serialNumber: String?
    /// Since when a profile's file, or its state, has been refused.
    var refusedSince: [String: Date] = [:]
    /// What was logged of that, so that another process does not log it again; older versions did not keep it.
    var refusals: [String: [Refusal]]?

    struct Refusal: Sendable, Codable, Equatable {
        /// The problem's code; one of another version is not known here.
        var code: String
        var detail: String

        init(_ problem: Problem) {
            code = problem.code.rawValue
            detail = problem.detail
        }

        func problem(since: Date) -> Problem? {
            ProblemCode(rawValue: code).map { Problem($0, since: since, detail: detail) }
        }
    }

    private var others = UnknownFields()
    private static let path = "device.json"

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case version, id, machine, comparedIn, serialNumber, refusedSince, refusals
    }

    init(id: String) {
        self.id = id
    }

    /// What the disk has; nil where there is nothing. Throws `UnreadableMemory` where there is one that cannot be read.
    static func kept(_ ports: AgentPorts) throws -> AgentMemory? {
        do {
            guard let bytes = try ports.files.read(path, limit: 1024 * 1024) else { return nil }
            var memory = try StateJSON.decode(AgentMemory.self, from: bytes, version: knownVersion)
            memory.others = try UnknownFields(in: bytes, besides: Set(CodingKeys.allCases.map(\.rawValue)))
            return memory
        } catch {
            throw UnreadableMemory(reason: "\(error)")
        }
    }

    /// One with a new id.
    static func fresh(_ ports: AgentPorts) throws -> AgentMemory {
        AgentMemory(id: Hexadecimal.string(try ports.cryptography.randomBytes(16)).lowercased())
    }

    /// Syncs it, unless the disk has it already.
    func save(_ ports: AgentPorts) throws {
        let bytes = try others.json(with: self)
        guard try ports.files.read(Self.path, limit: 1024 * 1024) != bytes else { return }
        try ports.files.makeFolder("profiles")
        try ports.files.write(bytes, to: Self.path, mode: 0o600)
    }
}

/// There is a `device.json`, and it cannot be read.
struct UnreadableMemory: Error, CustomStringConvertible {
    let reason: String
    var description: String { "device.json: \(reason)" }
}
