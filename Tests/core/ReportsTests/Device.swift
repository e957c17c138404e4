import ControlProtocol
import FoundationEssentials
import Reports
import Testing
import Varlink

/// A device in virtual time: what is so on it, its outbox, and an endpoint that answers as told.
struct Device {
    static let start: Int64 = 1_795_348_800  // 2026-11-22T12:00:00Z
    static let day = 86_400
    /// FNV-1a.
    static func digest(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }

    var state = ReportState()
    var outbox = Outbox()
    var json: [Int64: [UInt8]] = [:]
    var now = Timestamp(seconds: Device.start)
    var fraction = 0.5
    var observation = Observation(
        agent: .init(version: "1", openssl: "3"), device: .init(id: "d1", hostname: "laptop"), profiles: [],
        configured: ["office"])
    /// Reports that the endpoint accepted, as "SEQUENCE KIND[ SUBJECT]".
    var accepted: [String] = []

    /// Has the profile be so; nil leaves the tag unjudged.
    mutating func office(tag: String? = "valid-client-certificate", generation: Int? = nil, problems: [String] = []) {
        let identity = generation.map {
            StatusDocument.Identity(
                generation: $0, subject: "CN=d", issuer: "CN=i", serial: "0\($0)",
                sha256: String(repeating: "a\($0)", count: 32), notBefore: now, notAfter: later(90 * Self.day),
                key: "rsa-2048")
        }
        let checks = [
            StatusDocument.Check(id: "key.match", result: .pass, hard: true, text: "It matches."),
            .init(id: "validity", result: .fail, hard: true, text: "It has ended.", remedy: "Renew it."),
            .init(id: "soft", result: .fail, hard: false, text: "Nobody minds."),
        ]
        let status = StatusDocument.Profile(
            name: "office", state: .active, identity: identity,
            tag: .init(value: tag ?? "none", since: now, checks: tag == nil ? [] : checks),
            problems: problems.map { .init(code: $0, severity: .error, since: now, text: "\($0)!", remedy: "mend it") })
        observation.profiles = [Observation.Profile(status, isJudged: tag != nil)]
    }

    /// Writes what there is to tell, and answers with it.
    mutating func record(asked: Bool = false, endpoint: String = "https://a/") throws -> [String] {
        let isOwed = observation.isSettled && state.owesHeartbeat(outbox)
        let reports = state.record(
            observation, for: endpoint, heartbeat: asked || isOwed ? nil : Self.day, fraction: fraction, now: now)
        for (sequence, report) in reports {
            let bytes = try report.json(sequence: sequence, device: "d1", at: now, digest: Self.digest)
            json[sequence] = bytes
            let gone = outbox.add(try Outbox.Entry(sequence: sequence, json: bytes))
            state.drop(gone.count)
        }
        return reports.map { "\($0.sequence) \($0.report.kind)" + ($0.report.profile.map { " \($0)" } ?? "") }
    }

    /// Sends as long as the endpoint takes it: `answer` sees what is sent.
    mutating func send(_ answer: (Outbox.Entry) -> DeliveryAnswer) throws {
        while state.maySend(now: now), let entry = outbox.first {
            let verdict = DeliveryVerdict(answer(entry))
            state.conclude(verdict, of: entry, fraction: fraction, now: now)
            if case .kept = verdict { return }
            outbox.remove(entry.sequence)
            guard verdict == .accepted else { continue }
            accepted.append("\(entry.sequence) \(entry.topic)")
            _ = try record()
        }
    }

    mutating func wait(_ seconds: Int) { now = later(seconds) }

    func later(_ seconds: Int) -> Timestamp { Timestamp(seconds: now.seconds + Int64(seconds)) }

    /// A report as it is sent.
    func event(_ sequence: Int64) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(try #require(json[sequence])))
    }
}
