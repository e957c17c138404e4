/// The device tag: `valid-client-certificate`, else the first reason why not. Raw values are stable.
package enum TagValue: String, Sendable, Equatable, CaseIterable {
    case valid = "valid-client-certificate"
    case expiring
    case expired
    case notYetValid = "not-yet-valid"
    case revoked
    case revocationUnknown = "revocation-unknown"
    case untrustedIssuer = "untrusted-issuer"
    case unusableKey = "unusable-key"
    case unfitCertificate = "unfit-certificate"
    case notVisible = "not-visible"
    case pending
    case none
}
