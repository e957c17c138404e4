package import ControlProtocol
import FoundationEssentials

/// What came of sending one report.
package enum DeliveryAnswer: Sendable, Equatable {
    /// An HTTP status, and the seconds that `Retry-After` asks to wait.
    case status(Int, retryAfter: Int?)
    /// No answer; `detail` says why, without a secret.
    case none(detail: String)
    /// Nothing was sent: a credential could not be had.
    case noCredential(detail: String)
    /// The endpoint took longer for all that waits than a run may last.
    case tooSlow
}

/// What stands between the device and its management endpoint.
package struct DeliveryTrouble: Codable, Sendable, Equatable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case unreachable, failing
        case refusesDevice = "refuses-device"
        case noCredential = "no-credential"
        /// A report was refused for what it is, and dropped.
        case refusedReport = "refused-report"
    }
    package var kind: Kind
    package var since: Timestamp
    package var detail: String
}

/// When waiting reports are sent again.
package struct DeliveryRetry: Codable, Sendable, Equatable {
    package var at: Timestamp
    /// Failures in a row.
    package var count: Int
}

/// What an answer means for the report that was sent.
package enum DeliveryVerdict: Sendable, Equatable {
    case accepted
    /// It will never be accepted: it is dropped, so that it does not block the others.
    case dropped(detail: String)
    /// It stays, with everything behind it.
    case kept(DeliveryTrouble.Kind, detail: String, retryAfter: Int?)

    package init(_ answer: DeliveryAnswer) {
        switch answer {
        case .status(200..<300, _): self = .accepted
        case .status(let status, let wait) where [401, 403].contains(status):
            self = .kept(.refusesDevice, detail: "HTTP status \(status)", retryAfter: wait)
        case .status(let status, _) where (400..<500).contains(status) && !Self.ofThePlace.contains(status):
            self = .dropped(detail: "HTTP status \(status)")
        case .status(let status, let wait):
            self = .kept(.failing, detail: "HTTP status \(status)", retryAfter: wait)
        case .none(let detail): self = .kept(.unreachable, detail: detail, retryAfter: nil)
        case .noCredential(let detail): self = .kept(.noCredential, detail: detail, retryAfter: nil)
        case .tooSlow: self = .kept(.failing, detail: "it takes too long for each report", retryAfter: nil)
        }
    }

    /// 4xx that speak of the address, the way there or the moment, and not of the report (RFC 9110 §15.5): a mistyped
    /// endpoint would otherwise swallow every report.
    private static let ofThePlace: Set = [404, 405, 407, 408, 410, 421, 429]
}

/// When reports are sent and heartbeats written. Figures are in seconds; every function is pure.
package enum ReportSchedule {
    /// Seconds for one report.
    package static let deadline = 20.0
    /// Bytes of an answer, which nobody reads.
    package static let answerLimit = 1024 * 1024
    /// How long a run may take that sends what waits; the rest follows at the next retry.
    package static let longestRun = 120.0
    /// The process stays for a retry that is no further away; later ones are the timer's.
    package static let longestStay = 150.0
    /// How long a report that was refused stays a problem.
    package static let refusalShown: Int64 = 86_400
    /// By how much of it a wait differs over the fleet.
    static let fleetSpread = 0.2
    static let longestWait = 86_400.0

    /// From a minute to an hour, doubling; what `Retry-After` asks for, within a minute and a day, goes before.
    ///
    /// - Parameter fraction: the device's place in the fleet, 0..<1.
    static func retry(after previous: DeliveryRetry?, retryAfter: Int?, fraction: Double, now: Timestamp)
        -> DeliveryRetry
    {
        let count = (previous?.count ?? 0) + 1
        let usual = min(60 * Double(1 << min(count - 1, 6)), 3600)
        let wait = retryAfter.map { min(max(Double($0), 60), longestWait) } ?? usual
        return DeliveryRetry(
            at: Timestamp(now.date.addingTimeInterval(wait * (1 + fleetSpread * fraction))), count: count)
    }

    /// Whether a heartbeat is to be written: at a place in each period that is the device's own, so that a fleet which
    /// was switched on at once does not report at once. The wall clock counts; one that was set brings a heartbeat.
    ///
    /// - Parameters:
    ///   - last: when the last one was written.
    ///   - period: seconds.
    ///   - fraction: the device's place in the fleet, 0..<1.
    static func isHeartbeatDue(last: Timestamp?, period: Int, fraction: Double, now: Timestamp) -> Bool {
        guard let last else { return true }
        func number(_ time: Timestamp) -> Double {
            (Double(time.seconds) / Double(max(period, 1)) - fraction).rounded(.down)
        }
        return number(last) != number(now)
    }
}
