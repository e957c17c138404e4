package import ControlProtocol
import FoundationEssentials

/// One thing that the management endpoint is told.
package struct Report: Sendable, Equatable {
    package enum Content: Sendable, Equatable {
        case tagChanged(TagChange)
        case identityIssued(StatusDocument.Identity)
        case identityLost(IdentityLoss)
        case problemRaised(StatusDocument.Problem)
        case problemCleared(ProblemMark)
        case heartbeat(Heartbeat)
    }

    /// The profile that it is about; nil for the device as a whole.
    package var profile: String?
    package var content: Content

    package init(_ content: Content, of profile: String? = nil) {
        self.content = content
        self.profile = profile
    }

    /// `tag.changed.v1`: what type and schema are named after. Stable.
    package var kind: String {
        switch content {
        case .tagChanged: "tag.changed.v1"
        case .identityIssued: "identity.issued.v1"
        case .identityLost: "identity.lost.v1"
        case .problemRaised: "problem.raised.v1"
        case .problemCleared: "problem.cleared.v1"
        case .heartbeat: "heartbeat.v1"
        }
    }

    /// The event as it is sent: structured mode, JSON event format (CloudEvents 1.0 §3).
    ///
    /// - Parameters:
    ///   - sequence: the persistent counter. With leading zeros, so that it orders as text (CloudEvents' extension
    ///     `sequence`).
    ///   - device: the device's id.
    ///   - time: when it was written.
    ///   - digest: what follows the sequence in the id, made of the event's other bytes. So the id stays unique with the
    ///     source where the counter has gone back, since the agent's folder was restored from a backup: receivers drop ids
    ///     that they know.
    package func json(
        sequence: Int64, device: String, at time: Timestamp, digest: (_ bytes: [UInt8]) -> String
    ) throws -> [UInt8] {
        func event(_ data: some Encodable) throws -> [UInt8] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let number = Self.text(sequence)
            var event = CloudEvent(
                id: number, source: "urn:signet:device:\(device)", type: "io.signet.\(kind)", subject: profile,
                time: time, dataschema: "urn:signet:schema:\(kind)", sequence: number, data: data)
            event.id += "-" + digest(Array(try encoder.encode(event)))
            return Array(try encoder.encode(event))
        }
        switch content {
        case .tagChanged(let data): return try event(data)
        case .identityIssued(let data): return try event(data)
        case .identityLost(let data): return try event(data)
        case .problemRaised(let data): return try event(data)
        case .problemCleared(let data): return try event(data)
        case .heartbeat(let data): return try event(data)
        }
    }

    /// The media type of `json` (CloudEvents HTTP binding 1.0 §3.2).
    package static let mediaType = "application/cloudevents+json; charset=UTF-8"

    /// A sequence number that orders as text.
    package static func text(_ sequence: Int64) -> String {
        let digits = String(sequence)
        return String(repeating: "0", count: max(19 - digits.utf8.count, 0)) + digits
    }
}

/// The envelope (CloudEvents 1.0 §3); attributes that are absent are left out.
private struct CloudEvent<Payload: Encodable>: Encodable {
    let specversion = "1.0"
    var id: String
    let source: String
    let type: String
    let subject: String?
    let time: Timestamp
    let datacontenttype = "application/json"
    let dataschema: String
    let sequence: String
    let data: Payload
}
