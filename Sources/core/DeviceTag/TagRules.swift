package import X509

/// What a profile asks of its device tag.
package struct TagRules: Sendable, Equatable {
    /// Whose rules decide which checks are hard. Raw values are those of a profile's `device-tag.gateway`.
    package enum Gateway: String, Sendable, CaseIterable {
        /// Microsoft Defender for Cloud Apps, and whoever works like it.
        case mdca
    }

    package var gateway: Gateway
    /// The gateway asks revocation lists: without a current one nobody gets in.
    package var requireRevocationCheck: Bool
    /// Places of revocation lists in addition to those that certificates name.
    package var revocationListURLs: [String]
    /// The subject that the profile renders today; nil where it cannot be rendered, which skips `id.subject`.
    package var subject: AcceptedSubject?
    /// The alternative names that the profile renders today.
    package var alternativeNames: [GeneralName]

    package init(
        gateway: Gateway = .mdca, requireRevocationCheck: Bool, revocationListURLs: [String] = [],
        subject: AcceptedSubject? = nil, alternativeNames: [GeneralName] = []
    ) {
        self.gateway = gateway
        self.requireRevocationCheck = requireRevocationCheck
        self.revocationListURLs = revocationListURLs
        self.subject = subject
        self.alternativeNames = alternativeNames
    }

    /// Whether failing this check takes the tag away.
    package func isHard(_ check: TagCheck.ID) -> Bool {
        switch (gateway, check) {
        case (.mdca, .chainComplete), (.mdca, .subject), (.mdca, .expirySoon): false
        case (.mdca, .revocationURL), (.mdca, .revocationList): requireRevocationCheck
        case (.mdca, _): true
        }
    }
}
