package import ControlProtocol
import FoundationEssentials

/// Which reports wait, in the order in which they are sent. The reports themselves lie on the disk.
package struct Outbox: Sendable, Equatable {
    /// What is known of a waiting report without its text.
    package struct Entry: Sendable, Equatable {
        package var sequence: Int64
        package var time: Timestamp
        package var byteCount: Int
        /// What it tells about: a later report on the same topic tells what is so now.
        package var topic: String

        package var isHeartbeat: Bool { topic == Entry.heartbeat }
        fileprivate static let heartbeat = "heartbeat"
    }

    package static let countLimit = 256
    package static let byteLimit = 1024 * 1024

    /// Oldest first.
    package private(set) var entries: [Entry] = []

    package init() {}

    package var first: Entry? { entries.first }
    package var waiting: Int { entries.count }
    package var oldest: Timestamp? { entries.first?.time }
    package var hasHeartbeat: Bool { entries.contains(where: \.isHeartbeat) }

    /// Adds a report, the newest. Where there is no room, the oldest go whose topic a later one tells about, and only
    /// where there is none such, the oldest of all: the last word on each topic stays longest.
    ///
    /// - Returns: the reports that went, by their sequence.
    package mutating func add(_ entry: Entry) -> [Int64] {
        entries.append(entry)
        var dropped: [Int64] = []
        while entries.count > Self.countLimit || byteCount > Self.byteLimit, entries.count > 1 {
            dropped.append(entries.remove(at: firstSuperseded ?? 0).sequence)
        }
        return dropped
    }

    /// Takes a report off, accepted or refused; one that has gone already is fine.
    package mutating func remove(_ sequence: Int64) {
        entries.removeAll { $0.sequence == sequence }
    }

    private var byteCount: Int { entries.reduce(0) { $0 + $1.byteCount } }

    private var firstSuperseded: Int? {
        var isLast: [String: Int] = [:]
        for (index, entry) in entries.enumerated() { isLast[entry.topic] = index }
        return entries.indices.first { isLast[entries[$0].topic] != $0 }
    }
}

extension Outbox.Entry {
    /// Reads what a report on the disk is about. Throws `DecodingError` for what is none.
    package init(sequence: Int64, json: [UInt8]) throws {
        let head = try JSONDecoder().decode(Head.self, from: Data(json))
        self.sequence = sequence
        time = head.time
        byteCount = json.count
        // io.signet.problem.raised.v1 and io.signet.problem.cleared.v1 are about one thing.
        let subject = head.type.split(separator: ".").dropFirst(2).first.map(String.init) ?? head.type
        topic =
            subject == Self.heartbeat
            ? subject : [subject, head.subject ?? "", head.data.code ?? ""].joined(separator: "/")
    }

    private struct Head: Decodable {
        struct Payload: Decodable { let code: String? }
        let type: String
        let subject: String?
        let time: Timestamp
        let data: Payload
    }
}
