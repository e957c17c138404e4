import ControlProtocol

extension Timestamp {
    /// Day and minute: `2026-11-23 19:00 UTC`.
    var minute: String { "\(description.prefix(10)) \(description.dropFirst(11).prefix(5)) UTC" }

    /// The time of day alone: `19:00:00`.
    var clock: String { String(description.dropFirst(11).prefix(8)) }

    /// From `now`: `in 15 minutes`, `2 hours ago`, `now`.
    func relative(to now: Timestamp) -> String {
        let seconds = seconds - now.seconds
        let span = Timestamp.span(abs(seconds))
        return seconds == 0 ? "now" : seconds > 0 ? "in \(span)" : "\(span) ago"
    }

    /// Absolute and relative: `2026-11-23 19:00 UTC (in 15 minutes)`.
    func both(now: Timestamp) -> String { "\(minute) (\(relative(to: now)))" }

    /// A length of time in one unit: days and hours only where there are two of them, so that little is cut off.
    private static func span(_ seconds: Int64) -> String {
        let (count, unit): (Int64, String) =
            switch seconds {
            case 172_800...: (seconds / 86_400, "day")
            case 7200...: (seconds / 3600, "hour")
            case 60...: (seconds / 60, "minute")
            default: (seconds, "second")
            }
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}
