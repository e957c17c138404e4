package import FoundationEssentials
import X509

/// The verdict on an identity, with the checks it came from.
package struct TagVerdict: Sendable, Equatable {
    package var value: TagValue
    /// Until when a gateway lets the device in if nothing else happens: the end of what is published, or of the first
    /// revocation list to end where lists are required. nil where it does not let it in.
    package var validUntil: Date?
    /// Every check, in the order of `TagCheck.ID`.
    package var checks: [TagCheck]

    package init(value: TagValue, validUntil: Date?, checks: [TagCheck]) {
        self.value = value
        self.validUntil = validUntil
        self.checks = checks
    }
}

/// Judges whether the machine would carry the tag "Valid client certificate".
package enum DeviceTag {
    /// Judges the evidence.
    ///
    /// The value is that of the first hard check that fails, in the order of `TagCheck.ID`: no certificate, then an
    /// unusable key, time, strength, issuer, fitness for use, revocation, publication. Where none fails it is `valid`, or
    /// `expiring` once renewal is overdue. OCSP is not asked: the gateways that are modelled here do not.
    package static func judge(_ evidence: TagEvidence, rules: TagRules, now: Date) -> TagVerdict {
        guard let certificate = evidence.certificate else { return absent(evidence, rules) }
        let judgement = TagJudgement(certificate: certificate, evidence: evidence, rules: rules, now: now)
        let checks = judgement.checks()
        if let failed = checks.first(where: { $0.hard && $0.result == .fail }) {
            return TagVerdict(value: judgement.value(of: failed.id), validUntil: nil, checks: checks)
        }
        var ends = [certificate.notAfter]
        // What is published is what a program shows.
        if case .earlier(let notAfter) = evidence.publication { ends.append(notAfter) }
        if rules.requireRevocationCheck {
            for case .good(let nextUpdate)? in evidence.revocation.map(\.deciding?.outcome) { ends.append(nextUpdate) }
        }
        let value: TagValue = judgement.isRenewalOverdue ? .expiring : .valid
        return TagVerdict(value: value, validUntil: ends.min(), checks: checks)
    }

    private static func absent(_ evidence: TagEvidence, _ rules: TagRules) -> TagVerdict {
        let checks = TagCheck.ID.allCases.map { id in
            guard id == .certificatePresent else {
                return TagCheck(
                    id: id, result: .skip, hard: rules.isHard(id), text: "There is no certificate to check yet.")
            }
            return TagCheck(
                id: id, result: .fail, hard: rules.isHard(id), text: "The device has no certificate of this profile.",
                remedy: evidence.isRequested
                    ? "Wait for the request that is under way; 'signetctl status' shows its step."
                    : "See the profile's problems in 'signetctl status', or start over with 'signetctl enroll'.")
        }
        return TagVerdict(value: evidence.isRequested ? .pending : .none, validUntil: nil, checks: checks)
    }
}
