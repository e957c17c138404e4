import FoundationEssentials
import X509

/// One judgement under way: a certificate, what is known about it, and the rules.
struct TagJudgement {
    let certificate: Certificate
    let evidence: TagEvidence
    let rules: TagRules
    let now: Date

    /// What one check found.
    struct Finding {
        var result: TagCheck.Result
        var text: String
        var remedy: String?

        static func pass(_ text: String) -> Finding { Finding(result: .pass, text: text) }
        static func skip(_ text: String) -> Finding { Finding(result: .skip, text: text) }
        static func warn(_ text: String, _ remedy: String) -> Finding {
            Finding(result: .warn, text: text, remedy: remedy)
        }
        static func fail(_ text: String, _ remedy: String) -> Finding {
            Finding(result: .fail, text: text, remedy: remedy)
        }
    }

    /// All checks, in the order of their identifiers. A soft check that fails is a warning.
    func checks() -> [TagCheck] {
        TagCheck.ID.allCases.map { id in
            let finding = find(id)
            let isHard = rules.isHard(id)
            let result = finding.result == .fail && !isHard ? .warn : finding.result
            return TagCheck(id: id, result: result, hard: isHard, text: finding.text, remedy: finding.remedy)
        }
    }

    /// The tag's value where this check is the first hard one to fail.
    func value(of id: TagCheck.ID) -> TagValue {
        switch id {
        case .certificatePresent: evidence.isRequested ? .pending : .none
        case .keyPresent, .keyMatch, .keySign: .unusableKey
        case .timeValid: now < certificate.notBefore ? .notYetValid : .expired
        case .chainAnchor, .chainComplete: .untrustedIssuer
        case .extendedKeyUsage, .keyUsage, .notAuthority, .strength, .subject: .unfitCertificate
        case .revocationURL: .revocationUnknown
        case .revocationList: isRevoked ? .revoked : .revocationUnknown
        case .published: .notVisible
        case .expirySoon: .expiring
        }
    }

    private func find(_ id: TagCheck.ID) -> Finding {
        switch id {
        case .certificatePresent:
            .pass("The device has the certificate \(certificate.subject), serial number \(certificate.serialHex).")
        case .keyPresent: keyPresent()
        case .keyMatch: keyMatch()
        case .keySign: keySign()
        case .timeValid: timeValid()
        case .strength: strength()
        case .chainAnchor: chainAnchor()
        case .chainComplete: chainComplete()
        case .extendedKeyUsage: extendedKeyUsage()
        case .keyUsage: keyUsage()
        case .notAuthority: notAuthority()
        case .revocationURL: revocationURL()
        case .revocationList: revocationList()
        case .published: published()
        case .subject: subject()
        case .expirySoon: expirySoon()
        }
    }
}

/// A time in a sentence: "2026-03-01T12:00:00Z".
func spelled(_ date: Date) -> String { date.formatted(.iso8601) }
