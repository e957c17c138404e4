package import FoundationEssentials

/// A moment in whole seconds, written as UTC in RFC 3339: `2026-11-23T19:00:00Z`.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int64

    /// The moment, with its fraction of a second cut off. One outside the years 1900 to 9999 becomes the nearest of them.
    package init(_ date: Date) {
        let bounds = -2_208_988_800.0...253_402_300_799.0
        let clamped = min(max(date.timeIntervalSince1970.rounded(.down), bounds.lowerBound), bounds.upperBound)
        seconds = clamped.isNaN ? 0 : Int64(clamped)
    }

    package init(seconds: Int64) {
        self.init(Date(timeIntervalSince1970: Double(seconds)))
    }

    package var date: Date { Date(timeIntervalSince1970: Double(seconds)) }

    package static func < (one: Timestamp, other: Timestamp) -> Bool { one.seconds < other.seconds }
}

extension Timestamp: CustomStringConvertible {
    package var description: String { date.formatted(Date.ISO8601FormatStyle()) }

    /// Reads the text that `description` writes; nil for any other.
    package init?(_ text: String) {
        guard let date = try? Date.ISO8601FormatStyle().parse(text) else { return nil }
        self.init(date)
        guard description == text else { return nil }
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let timestamp = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected a UTC time such as 2026-11-23T19:00:00Z")
        }
        self = timestamp
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
