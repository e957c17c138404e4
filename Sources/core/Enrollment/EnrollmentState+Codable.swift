import FoundationEssentials

extension EnrollmentState: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case version, identity, obtainedAt, published, transaction, retry, publishRetry, remembered, authorities
        case problems, isRevoked, isChallengeSpent, profileDigest, filesDigest, isWithdrawn, tag
        case outdatedGeneration, foreignGeneration, capabilities, next, replaced
    }

    /// The names of the fields that this version writes. Others in a file are a newer version's, and are kept.
    package static var fieldNames: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }

    /// Reads this version and older ones; what a field's first version lacks has its default.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        let version = try fields.decode(Int.self, forKey: .version)
        guard (1...Self.version).contains(version) else {
            throw DecodingError.dataCorruptedError(
                forKey: .version, in: fields,
                debugDescription: "version \(version) is newer than this program, which knows \(Self.version)")
        }
        self.init()
        identity = try fields.decodeIfPresent(IdentityFacts.self, forKey: .identity)
        next = try fields.decodeIfPresent(IdentityFacts.self, forKey: .next)
        replaced = try fields.decodeIfPresent(IdentityFacts.self, forKey: .replaced)
        obtainedAt = try fields.decodeIfPresent(Date.self, forKey: .obtainedAt)
        published = try fields.decodeIfPresent(Int.self, forKey: .published)
        transaction = try fields.decodeIfPresent(Transaction.self, forKey: .transaction)
        retry = try fields.decodeIfPresent(Retry.self, forKey: .retry)
        publishRetry = try fields.decodeIfPresent(Retry.self, forKey: .publishRetry)
        remembered = try fields.decodeIfPresent([String: Rung].self, forKey: .remembered) ?? [:]
        authorities = try fields.decodeIfPresent([String: [String]].self, forKey: .authorities) ?? [:]
        capabilities = try fields.decodeIfPresent([String: [String]].self, forKey: .capabilities) ?? [:]
        problems = try fields.decodeIfPresent([Problem].self, forKey: .problems) ?? []
        isRevoked = try fields.decodeIfPresent(Bool.self, forKey: .isRevoked) ?? false
        outdatedGeneration = try fields.decodeIfPresent(Int.self, forKey: .outdatedGeneration)
        foreignGeneration = try fields.decodeIfPresent(Int.self, forKey: .foreignGeneration)
        isChallengeSpent = try fields.decodeIfPresent(Bool.self, forKey: .isChallengeSpent) ?? false
        profileDigest = try fields.decodeIfPresent(String.self, forKey: .profileDigest)
        filesDigest = try fields.decodeIfPresent(String.self, forKey: .filesDigest) ?? ""
        isWithdrawn = try fields.decodeIfPresent(Bool.self, forKey: .isWithdrawn) ?? false
        tag = try fields.decodeIfPresent(TagMemory.self, forKey: .tag)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(Self.version, forKey: .version)
        try fields.encodeIfPresent(identity, forKey: .identity)
        try fields.encodeIfPresent(next, forKey: .next)
        try fields.encodeIfPresent(replaced, forKey: .replaced)
        try fields.encodeIfPresent(obtainedAt, forKey: .obtainedAt)
        try fields.encodeIfPresent(published, forKey: .published)
        try fields.encodeIfPresent(transaction, forKey: .transaction)
        try fields.encodeIfPresent(retry, forKey: .retry)
        try fields.encodeIfPresent(publishRetry, forKey: .publishRetry)
        try fields.encode(remembered, forKey: .remembered)
        try fields.encode(authorities, forKey: .authorities)
        try fields.encode(capabilities, forKey: .capabilities)
        try fields.encode(problems, forKey: .problems)
        try fields.encode(isRevoked, forKey: .isRevoked)
        try fields.encodeIfPresent(outdatedGeneration, forKey: .outdatedGeneration)
        try fields.encodeIfPresent(foreignGeneration, forKey: .foreignGeneration)
        try fields.encode(isChallengeSpent, forKey: .isChallengeSpent)
        try fields.encodeIfPresent(profileDigest, forKey: .profileDigest)
        try fields.encode(filesDigest, forKey: .filesDigest)
        try fields.encode(isWithdrawn, forKey: .isWithdrawn)
        try fields.encodeIfPresent(tag, forKey: .tag)
    }
}
