package import FoundationEssentials

/// When things fall due. Every figure is in seconds; every function is pure.
package enum Schedule {
    /// The service manager's tick: the agent may exit when nothing falls due sooner.
    package static let tick = 3600.0
    /// Nothing is tried more often than this, however short a certificate lives.
    package static let shortestWait = 5.0
    /// How long approval may take, and how often it is asked for.
    package static let longestPending = 7 * 86_400.0
    package static let mostPolls = 1000
    /// So often it is asked for whatever the clock says, which may have jumped over the week.
    package static let fewestPolls = 24
    /// CertPolls for a lost reply that may have arrived and brought nothing, after which nobody will tell.
    package static let mostUnanswered = 2
    /// By how much of it a wait after a failure differs over the fleet.
    package static let fleetSpread = 0.2
    /// The longest wait that any failure leads to. A time further ahead was set by a clock that was wrong.
    package static let longestWait = 86_400 * (1 + fleetSpread)

    /// The moment of renewal: notBefore + L·(at + spread·u), and never later than notAfter − L/10.
    ///
    /// - Parameter fraction: u in 0..<1, SHA-256 of the device id and profile, so that a fleet enrolled in one hour
    ///   does not renew in one.
    package static func renewal(
        notBefore: Date, notAfter: Date, at: Double, spread: Double, fraction: Double
    ) -> Date {
        let lifetime = notAfter.timeIntervalSince(notBefore)
        let time = notBefore.addingTimeInterval(lifetime * (at + spread * fraction))
        return min(time, latestRenewal(notBefore: notBefore, notAfter: notAfter))
    }

    /// The latest moment at which renewal should have happened: notAfter − L/10.
    package static func latestRenewal(notBefore: Date, notAfter: Date) -> Date {
        notAfter.addingTimeInterval(-notAfter.timeIntervalSince(notBefore) / 10)
    }

    /// u of `renewal`: the first eight bytes of a digest as a fraction, 0..<1.
    package static func fraction(digest: [UInt8]) -> Double {
        let bits = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Double(bits >> 11) / Double(UInt64(1) << 53)
    }

    /// How long to wait after a failure of this sort, the `count`-th in a row (from 1), before the fleet's spread.
    package static func backoff(after sort: FailureSort, count: Int) -> Double {
        switch sort {
        case .unreachable, .local: min(60 * Double(1 << min(max(count - 1, 0), 6)), 3600)
        case .overloaded(let retryAfter): min(max(Double(retryAfter ?? 300), 60), 86_400)
        case .refused: 86_400
        case .untrusted: 3600
        }
    }

    /// The next try: the backoff, spread over the fleet, and never past the certificate's end: while one is valid,
    /// half of what remains is the longest wait.
    package static func retry(
        after sort: FailureSort, previous: Retry?, fraction: Double, validUntil: Date?, now: Date
    ) -> Retry {
        let count = (previous?.count ?? 0) + 1
        var wait = backoff(after: sort, count: count) * (1 + fleetSpread * fraction)
        if let validUntil, validUntil > now {
            let remaining = validUntil.timeIntervalSince(now)
            wait = min(wait, max(remaining / 2, shortestWait), remaining)
        }
        return Retry(at: now.addingTimeInterval(wait), count: count, sort: sort)
    }

    /// The next CertPoll after `count` of them: from one minute to a quarter of an hour.
    package static func poll(count: Int, now: Date) -> Date {
        var wait = 60.0
        for _ in 0..<min(count, 10) { wait = min(wait * 1.5, 900) }
        return now.addingTimeInterval(wait)
    }
}

/// The sorts of failure. They differ in when to try again, and in who has to do something.
package enum FailureSort: Sendable, Equatable, Codable {
    /// No answer, or a server error on every rung.
    case unreachable
    /// The server asks to wait, in seconds where it named a time.
    case overloaded(retryAfter: Int?)
    /// An authenticated refusal, or an HTTP error that is the request's fault.
    case refused
    /// An answer that a check refused.
    case untrusted
    /// This machine's own trouble: disk, key, challenge.
    case local
}
