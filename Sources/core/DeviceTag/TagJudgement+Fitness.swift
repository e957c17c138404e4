import X509

/// Issuer, purpose and strength.
extension TagJudgement {
    func chainAnchor() -> Finding {
        switch evidence.path {
        case .found(let below, let whole):
            let authority = whole.dropFirst(below.count).first ?? whole.last
            return .pass("A path leads to \(authority.map { "\($0.subject)" } ?? "an identification CA").")
        case .noAuthorities:
            return .fail(
                "There is no identification CA to build a path to.",
                "Name in [device-tag] identification-cas the CA certificates that the gateway was given.")
        case .none(let reason):
            return .fail(
                "No path leads from the certificate, issued by \(certificate.issuer), to an identification CA: \(reason).",
                "Check that [device-tag] identification-cas names the CAs that the gateway was given, and [install] chain"
                    + " the intermediates below them.")
        }
    }

    func chainComplete() -> Finding {
        guard case .found(_, let whole) = evidence.path else { return .skip("There is no path.") }
        let missing = whole.dropFirst().filter { !$0.isSelfIssued && !evidence.chain.contains($0) }
        guard let first = missing.first else { return .pass("Every intermediate is sent with the certificate.") }
        return .warn(
            "The intermediate \(first.subject) is not sent with the certificate: a gateway that knows only the root"
                + " finds no path.",
            "Name its file in [install] chain.")
    }

    func extendedKeyUsage() -> Finding {
        let remedy = "Have the PKI's template issue certificates with extended key usage client authentication."
        guard let purposes = certificate.extendedKeyUsage else {
            return .warn("The certificate names no extended key usage, which some gateways refuse.", remedy)
        }
        if purposes.contains(.clientAuth) { return .pass("The certificate is for client authentication.") }
        if purposes.contains(.anyExtendedKeyUsage) {
            return .warn("The certificate is for any purpose, and does not name client authentication.", remedy)
        }
        return .fail("The certificate is not for client authentication.", remedy)
    }

    func keyUsage() -> Finding {
        guard let usage = certificate.keyUsage else { return .pass("The certificate restricts no key usage.") }
        guard usage.contains(.digitalSignature) else {
            return .fail(
                "The certificate's key usage does not include digital signatures, which TLS needs.",
                "Have the PKI's template issue certificates with key usage digitalSignature.")
        }
        return .pass("The certificate's key may make digital signatures.")
    }

    func notAuthority() -> Finding {
        guard certificate.isAuthority else { return .pass("The certificate is no CA's.") }
        return .fail(
            "The certificate is a CA's.", "Have the PKI's template issue end-entity certificates (CA:FALSE).")
    }

    func strength() -> Finding {
        guard certificate.publicKey.isStrong else {
            return .fail(
                "The key \(certificate.publicKey) is too weak.", "Set [key] bits to 2048 or more, and enroll again.")
        }
        let authorities = belowAnchor.dropFirst()
        if let weak = authorities.first(where: { !$0.publicKey.isStrong }) {
            return .fail(
                "The intermediate \(weak.subject) has a weak key, \(weak.publicKey).",
                "Have the PKI issue from a CA with a key of RSA 2048 or more.")
        }
        if let weak = belowAnchor.first(where: \.hasWeakSignature) {
            return .fail(
                "The certificate \(weak.subject) is signed with an outdated digest, SHA-1 or older.",
                "Have the PKI sign with SHA-256.")
        }
        guard case .rsa = certificate.publicKey else {
            return .warn(
                "The key is \(certificate.publicKey); gateways document RSA only.",
                "If the gateway does not let the device in, use [key] type \"rsa\".")
        }
        return .pass("The key is \(certificate.publicKey), and no signature below the CA uses an outdated digest.")
    }

    /// The certificate, and the intermediates that its path has or, where none was found, may have.
    private var belowAnchor: [Certificate] {
        if case .found(let below, _) = evidence.path { return below }
        return [certificate] + evidence.chain.filter { !$0.isSelfIssued }
    }
}
