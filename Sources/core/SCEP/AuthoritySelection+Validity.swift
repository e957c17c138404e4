import Faults
import FoundationEssentials
import X509

/// Certificates that have ended, or not begun.
extension AuthoritySelection {
    /// Root does not pin what nobody can use yet: where none of it has begun, the clock is behind.
    func requireBegun(_ pinned: [Certificate]) throws {
        guard let first = pinned.map(\.notBefore).min(), first > now.addingTimeInterval(ExchangeLimits.clockSkew)
        else { return }
        throw SCEPFault(
            .clockWrong, attempted: "use the pinned certificate '\(pinned[0].subject)'",
            expected: "a time after \(first), when it begins", got: "\(now)")
    }

    /// - Parameter successors: CAs that the server offers in its place, for an admin to look at.
    func requireValid(_ certificate: Certificate, orOneOf successors: [Certificate] = []) throws {
        guard certificate.notBefore <= now.addingTimeInterval(ExchangeLimits.clockSkew), now < certificate.notAfter
        else {
            let line = successors.map { "\"\(fingerprint($0))\"" }.joined(separator: ", ")
            throw SCEPFault(
                .authorityExpired, attempted: "use the certificate '\(certificate.subject)'",
                expected: "a current one and a right clock"
                    + (line.isEmpty
                        ? "" : ", or after checking with the PKI's owner in the line ca-fingerprint: \(line)"),
                got: "valid \(certificate.notBefore) to \(certificate.notAfter), clock \(now)")
        }
    }
}
