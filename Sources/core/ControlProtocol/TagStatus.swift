extension StatusDocument {
    /// The device tag: what an access gateway would say about this profile's identity, judged here.
    package struct Tag: Codable, Sendable, Equatable {
        /// The value that lets a device in.
        package static let valid = "valid-client-certificate"
        /// All values, the good one first. Stable.
        package static let values = [
            valid, "expiring", "expired", "not-yet-valid", "revoked", "revocation-unknown", "untrusted-issuer",
            "unusable-key", "unfit-certificate", "not-visible", "pending", "none",
        ]

        /// One of `values`.
        package var value: String
        /// Since when it has this value.
        package var since: Timestamp
        /// Until when it keeps this value if nothing else happens.
        package var validUntil: Timestamp?
        package var checks: [Check]

        package init(value: String, since: Timestamp, validUntil: Timestamp? = nil, checks: [Check] = []) {
            self.value = value
            self.since = since
            self.validUntil = validUntil
            self.checks = checks
        }

        /// Whether an access gateway would let the device in.
        package var isValid: Bool { value == Tag.valid }

        private enum CodingKeys: String, CodingKey {
            case value, since
            case validUntil = "valid_until"
            case checks
        }
    }

    /// One of the checks that the tag comes from.
    package struct Check: Codable, Sendable, Equatable {
        /// How it went. Raw values are stable.
        package enum Result: String, Codable, Sendable, Equatable, CaseIterable {
            case pass
            /// Not as it should be; the gateway lets it pass.
            case warn
            case fail
            /// It could not be found out.
            case unknown
            /// Not asked of this profile.
            case skip
        }

        /// Stable, with dots: `key.match`.
        package var id: String
        package var result: Result
        /// Whether the tag depends on it.
        package var hard: Bool
        /// What was found, in one sentence.
        package var text: String
        /// What to do, where there is something to do.
        package var remedy: String?

        package init(id: String, result: Result, hard: Bool, text: String, remedy: String? = nil) {
            self.id = id
            self.result = result
            self.hard = hard
            self.text = text
            self.remedy = remedy
        }
    }
}
