import Enrollment
import FoundationEssentials
import Varlink

/// `state.json`: the machine's state, and fields that a newer version wrote, kept as they were.
struct StateDocument: Sendable {
    var state: EnrollmentState
    private var others: [String: JSONValue] = [:]

    init(state: EnrollmentState) {
        self.state = state
    }

    /// Throws `DecodingError` for what is no state file, or one that is too new.
    init(json bytes: [UInt8]) throws {
        let data = Data(bytes)
        state = try StateJSON.decoder().decode(EnrollmentState.self, from: data)
        others = try StateJSON.decoder().decode([String: JSONValue].self, from: data)
    }

    func json() throws -> [UInt8] {
        let known = try StateJSON.encoder().encode(state)
        let kept = others.filter { !Self.known.contains($0.key) }
        if kept.isEmpty { return Array(known) }
        let fields = try StateJSON.decoder().decode([String: JSONValue].self, from: known)
        return Array(try StateJSON.encoder().encode(kept.merging(fields) { $1 }))
    }

    /// Fields that this version writes; one that is absent now must not come back from the file.
    private static let known = EnrollmentState.fieldNames
}

/// How files of the agent's own are written: sorted, readable, times as RFC 3339.
enum StateJSON {
    static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }

    static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}

/// `pending/transaction.json`: what is needed to understand a reply, in this process or a later one.
struct PendingRequest: Sendable, Codable, Equatable {
    var version = 1
    let id: String
    let type: String
    let senderNonce: Data
    let server: String
    /// DER of the requested subject.
    let subject: Data
    /// The self-signed certificate that signed the request, DER; nil where a generation did.
    let signer: Data?
    let signerGeneration: Int?
    /// The generation that is being renewed.
    let renews: Int?
    /// `request.der`, which lies beside.
    var message: [UInt8] = []

    private enum CodingKeys: String, CodingKey {
        case version, id, type, senderNonce, server, subject, signer, signerGeneration, renews
    }
}

/// `meta.json` of a generation.
struct GenerationMeta: Sendable, Codable {
    var version = 1
    let issuedAt: Date
    let chain: [Data]
    let root: Data?
}
