import FoundationEssentials
import X509

/// Revocation lists.
extension TagJudgement {
    private static let ask = "[device-tag] require-revocation-check is off."

    /// Whether a verified list names a certificate on the path.
    var isRevoked: Bool { evidence.revocation.contains { $0.deciding?.outcome == .listed } }

    func revocationURL() -> Finding {
        guard rules.requireRevocationCheck else { return .skip(Self.ask) }
        if certificate.revocationListURLs.contains(where: DeviceTag.isFetchable) {
            return .pass("The certificate names a revocation list.")
        }
        if rules.revocationListURLs.contains(where: DeviceTag.isFetchable) {
            return .warn(
                "The certificate names no revocation list that HTTP can fetch; crl-urls stands in for it here, and a"
                    + " gateway may not know that place.",
                "Have the PKI put an HTTP CRL distribution point into its certificates.")
        }
        return .fail(
            "The certificate names no revocation list that HTTP can fetch; a gateway that requires revocation checks"
                + " refuses it.",
            "Have the PKI put an HTTP CRL distribution point into its certificates, or set [device-tag] crl-urls if the"
                + " gateway knows the list from elsewhere.")
    }

    func revocationList() -> Finding {
        // A revocation that is known is told even where nobody asks.
        guard rules.requireRevocationCheck || isRevoked else { return .skip(Self.ask) }
        guard case .found(let below, _) = evidence.path else {
            return .skip("Without a path nobody knows whose list counts.")
        }
        var ends: [Date] = []
        let order = evidence.revocation.filter { $0.deciding?.outcome == .listed } + evidence.revocation
        for element in order {
            guard let attempt = element.deciding else { return notTried(element.certificate) }
            guard case .good(let nextUpdate) = attempt.outcome else { return finding(attempt, element.certificate) }
            ends.append(nextUpdate)
        }
        guard evidence.revocation.map(\.certificate) == below, let end = ends.min() else {
            return notTried(certificate)
        }
        return .pass("No certificate below the gateway's CA is revoked, by lists that hold until \(spelled(end)).")
    }

    private func notTried(_ element: Certificate) -> Finding {
        if element == certificate {
            return .fail(
                "No revocation list was found for the certificate.",
                "See revocation.cdp, and check that [device-tag] crl-urls are lists of the CA that issued it.")
        }
        return .fail(
            "The intermediate \(element.subject) names no revocation list, so nobody can tell whether it is revoked.",
            "Give the intermediate itself to the gateway and to [device-tag] identification-cas, or set crl-urls.")
    }

    private func finding(_ attempt: RevocationEvidence.Attempt, _ element: Certificate) -> Finding {
        let list = "The revocation list \(attempt.url)"
        let whose = element == certificate ? "the certificate" : "the intermediate \(element.subject)"
        let tellPKI = "Tell whoever runs the PKI: this list is theirs."
        switch attempt.outcome {
        case .good: return .pass("\(list) does not name \(whose).")
        case .listed:
            return element == certificate
                ? .fail(
                    "\(list) names the certificate: it is revoked.",
                    "Ask whoever runs the PKI why; then enroll anew: 'signetctl enroll PROFILE'.")
                : .fail(
                    "\(list) names \(whose): it is revoked.",
                    "Have the PKI issue from a CA that is not revoked, then 'signetctl enroll PROFILE'.")
        case .unreachable(let reason):
            return .fail(
                "\(list) could not be fetched: \(reason).",
                "Check that the device reaches that address, also through its proxy; it is tried again by itself.")
        case .malformed(let reason): return .fail("\(list) is no revocation list: \(reason).", tellPKI)
        case .otherIssuer:
            // A list from crl-urls may well be for another certificate of the path.
            guard element.revocationListURLs.contains(attempt.url) else { return notTried(element) }
            return .fail("\(list) is of another CA than the one that issued \(whose).", tellPKI)
        case .badSignature: return .fail("\(list) is not signed by the CA that issued \(whose).", tellPKI)
        case .notYetValid(let start):
            return .fail(
                "\(list) begins only at \(spelled(start)); the clock says \(spelled(now)).",
                "Check the device's clock ('timedatectl'); if it is right, tell whoever runs the PKI.")
        case .stale(let end?):
            return .fail(
                "\(list) ended at \(spelled(end)); the clock says \(spelled(now)).",
                "Check the device's clock ('timedatectl'); if it is right, tell whoever runs the PKI to publish anew.")
        case .stale(nil): return .fail("\(list) does not say until when it holds.", tellPKI)
        case .unsuitable(let reason): return .fail("\(list) does not answer for \(whose): \(reason).", tellPKI)
        }
    }
}
