import Enrollment
import FoundationEssentials
import SCEP
import Varlink
import X509

/// `state.json`: the machine's state, and fields that a newer version wrote, kept as they were.
struct StateDocument: Sendable {
    var state: EnrollmentState
    private var others = UnknownFields()

    init(state: EnrollmentState) {
        self.state = state
    }

    /// Throws `DecodingError` for what is no state file, `NewerVersion` for one that is too new.
    init(json bytes: [UInt8]) throws {
        state = try StateJSON.decode(EnrollmentState.self, from: bytes, version: EnrollmentState.version)
        others = try UnknownFields(in: bytes, besides: EnrollmentState.fieldNames)
    }

    func json() throws -> [UInt8] { try others.json(with: state) }
}

/// Fields of a file that this version does not know: a newer one wrote them, and finds them when it comes back.
struct UnknownFields: Sendable, Equatable {
    private var fields: [String: JSONValue] = [:]

    init() {}

    /// - Parameter known: fields that this version writes; one that is absent now must not come back from the file.
    init(in bytes: [UInt8], besides known: Set<String>) throws {
        fields = try StateJSON.decoder().decode([String: JSONValue].self, from: Data(bytes))
            .filter { !known.contains($0.key) }
    }

    func json(with value: some Encodable) throws -> [UInt8] {
        let known = try StateJSON.encoder().encode(value)
        if fields.isEmpty { return Array(known) }
        let all = try StateJSON.decoder().decode([String: JSONValue].self, from: known)
        return Array(try StateJSON.encoder().encode(fields.merging(all) { $1 }))
    }
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

    private struct Head: Decodable { let version: Int }

    /// Reads a file of a known version or an older one. Throws `NewerVersion` for a newer one, whatever else it holds: what
    /// an older program does not understand it neither uses nor takes for lost.
    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], version known: Int) throws -> Value {
        let data = Data(bytes)
        if let head = try? decoder().decode(Head.self, from: data), head.version > known {
            throw NewerVersion(found: head.version, known: known)
        }
        return try decoder().decode(type, from: data)
    }
}

/// A file that a newer program wrote.
struct NewerVersion: Error, CustomStringConvertible {
    let found: Int
    let known: Int
    var description: String {
        "it has version \(found), and this program knows \(known): install the newer one again"
    }
}

/// `pending/transaction.json`: what is needed to understand a reply, in this process or a later one.
struct PendingRequest: Sendable, Codable, Equatable {
    static let knownVersion = 1
    var version = knownVersion
    let id: String
    let type: String
    let senderNonce: Data
    let server: String
    /// DER of the requested subject.
    let subject: Data
    /// DER of the subject that the PKI issues in its place; empty for any, nil where it is the requested one.
    var issuedSubject: Data?
    /// The self-signed certificate that signed the request, DER; nil where a generation did.
    let signer: Data?
    let signerGeneration: Int?
    /// The generation that is being renewed.
    let renews: Int?
    /// Messages are encrypted under the challenge, one way or both.
    var isUnderPassword: Bool?
    /// SHA-256 of the certificate of the CA's successor, where it is for that.
    var successor: Data?
    /// `request.der`, which lies beside.
    var message: [UInt8] = []

    private enum CodingKeys: String, CodingKey {
        case version, id, type, senderNonce, server, subject, issuedSubject, signer, signerGeneration, renews,
            isUnderPassword, successor
    }

    /// What the certificate may say for a subject. Throws `X509Fault`.
    func acceptedSubject() throws -> AcceptedSubject? {
        guard let issuedSubject else { return nil }
        return issuedSubject.isEmpty ? .any : .name(try DistinguishedName(der: Array(issuedSubject)))
    }

    /// The transaction that it is the request of.
    func transaction(at time: Date) -> Transaction {
        let isRenewalReq = type == MessageType.renewalReq.rawValue
        let rung: Rung = signerGeneration == nil ? .challenge : isRenewalReq ? .renewalReq : .signedPKCSReq
        var transaction = Transaction(
            kind: renews == nil ? .enroll : .renew, rung: rung, server: server, startedAt: time)
        transaction.id = id
        if successor != nil { transaction.succession = .asked }
        return transaction
    }
}

/// `meta.json` of a generation.
struct GenerationMeta: Sendable, Codable {
    static let knownVersion = 2
    /// 2 for what waits for its time, which the first version would use at once.
    var version = 1
    let issuedAt: Date
    /// `certificate.der` once more; older versions did not write it.
    var certificate: Data?
    let chain: [Data]
    let root: Data?
    /// The machine that it was issued to; older versions did not keep it.
    var machine: MachineMarks?
    /// From when on it is used, where it was issued ahead of that.
    var usedFrom: Date?
}
