package import ControlProtocol

/// `reports.json`: what the agent keeps about reporting besides the reports that wait.
///
/// Syncing it is what commits: a report on the disk counts from the moment that this counts it, and one that this does
/// not count yet is written anew.
package struct ReportState: Codable, Sendable, Equatable {
    /// The layout of the file.
    package static let knownVersion = 1
    private var version = knownVersion
    /// The number of the next report; never goes back.
    package private(set) var nextSequence: Int64 = 1
    private var reported = Reported()
    private var lastHeartbeat: Timestamp?
    /// Whom all that was told; another endpoint gets a heartbeat at once.
    private var endpoint: String?
    /// Reports that were never accepted.
    package private(set) var dropped = 0
    /// Something was dropped, so that a heartbeat is to tell what is so.
    private var owesHeartbeat = false
    package private(set) var retry: DeliveryRetry?
    private var trouble: DeliveryTrouble?
    private var refusal: DeliveryTrouble?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case version, nextSequence, reported, lastHeartbeat, endpoint, dropped, owesHeartbeat, retry, trouble, refusal
    }

    /// The names of the fields that this version writes.
    package static var fieldNames: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }

    package init() {}

    /// A counter must not begin anew where reports are left from before.
    package mutating func skip(past sequence: Int64) { nextSequence = max(nextSequence, sequence + 1) }

    // MARK: what to tell

    /// Takes over what is so.
    ///
    /// - Parameters:
    ///   - endpoint: whom it is told.
    ///   - heartbeat: seconds between heartbeats; nil to write one now.
    ///   - fraction: the device's place in the fleet, 0..<1.
    /// - Returns: the reports, each with its sequence, to be synced before this state is.
    package mutating func record(
        _ observation: Observation, for endpoint: String, heartbeat: Int?, fraction: Double, now: Timestamp
    ) -> [(sequence: Int64, report: Report)] {
        var reports = reported.update(to: observation, now: now)
        let isDue =
            heartbeat.map { period in
                endpoint != self.endpoint
                    || ReportSchedule.isHeartbeatDue(last: lastHeartbeat, period: period, fraction: fraction, now: now)
            } ?? true
        if isDue, heartbeat == nil || observation.isSettled {
            reports.append(Report(.heartbeat(Heartbeat(observation, dropped: dropped))))
            lastHeartbeat = now
            self.endpoint = endpoint
        }
        return reports.map { report in
            defer { nextSequence += 1 }
            return (nextSequence, report)
        }
    }

    /// Whether a heartbeat is owed for what was dropped, and can be accepted now.
    package func owesHeartbeat(_ outbox: Outbox) -> Bool { owesHeartbeat && retry == nil && !outbox.hasHeartbeat }

    /// Nobody is told anything any more; only the counter goes on.
    package mutating func forget() {
        let next = nextSequence
        self = ReportState()
        nextSequence = next
    }

    // MARK: what came of it

    /// The outbox had no room for so many.
    package mutating func drop(_ count: Int) {
        guard count > 0 else { return }
        dropped += count
        owesHeartbeat = true
    }

    /// Takes over what an answer means for the report that was sent.
    package mutating func conclude(
        _ verdict: DeliveryVerdict, of entry: Outbox.Entry, fraction: Double, now: Timestamp
    ) {
        switch verdict {
        case .accepted:
            (retry, trouble) = (nil, nil)
            if entry.isHeartbeat { owesHeartbeat = false }
        case .dropped(let detail):
            (retry, trouble) = (nil, nil)
            dropped += 1
            // A heartbeat that is refused for what it is would be refused again, also where it was owed for others.
            owesHeartbeat = !entry.isHeartbeat
            refusal = DeliveryTrouble(kind: .refusedReport, since: now, detail: "\(entry.topic): \(detail)")
        case .kept(let kind, let detail, let retryAfter):
            retry = ReportSchedule.retry(after: retry, retryAfter: retryAfter, fraction: fraction, now: now)
            trouble = DeliveryTrouble(
                kind: kind, since: trouble?.kind == kind ? trouble?.since ?? now : now, detail: detail)
        }
    }

    /// What stood in the way may have gone: the device is somebody else to the endpoint now.
    package mutating func tryAtOnce() { retry = nil }

    /// Whether what waits may be sent. A time further ahead than any wait was set by a clock that was wrong.
    package func maySend(now: Timestamp) -> Bool {
        guard let retry else { return true }
        let longest = Int64(ReportSchedule.longestWait * (1 + ReportSchedule.fleetSpread))
        return retry.at <= now || retry.at.seconds - now.seconds > longest
    }

    /// What is wrong with reporting now.
    package func troubles(now: Timestamp) -> [DeliveryTrouble] {
        let shown = refusal.flatMap { now.seconds - $0.since.seconds < ReportSchedule.refusalShown ? $0 : nil }
        return [trouble, shown].compactMap { $0 }
    }
}
