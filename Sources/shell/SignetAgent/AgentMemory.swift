import Enrollment
import FoundationEssentials
import SCEP
import X509

/// `device.json`: what the agent keeps that belongs to no profile.
struct AgentMemory: Sendable, Codable {
    var version = 1
    /// The device's id: made once from randomness and kept, since cloned images share a machine-id.
    var id: String
    /// Since when a profile's file, or its state, has been refused.
    var refusedSince: [String: Date] = [:]

    private static let path = "device.json"

    init(id: String) {
        self.id = id
    }

    /// Reads it, or makes it and syncs it at the first start.
    static func load(_ ports: AgentPorts) throws -> AgentMemory {
        if let bytes = try ports.files.read(path, limit: 1024 * 1024) {
            return try StateJSON.decoder().decode(AgentMemory.self, from: Data(bytes))
        }
        let new = AgentMemory(id: Hexadecimal.string(try ports.cryptography.randomBytes(16)).lowercased())
        try new.save(ports)
        return new
    }

    func save(_ ports: AgentPorts) throws {
        let bytes = Array(try StateJSON.encoder().encode(self))
        guard try ports.files.read(Self.path, limit: 1024 * 1024) != bytes else { return }
        try ports.files.write(bytes, to: Self.path, mode: 0o600)
    }
}
