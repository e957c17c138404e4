package import FoundationEssentials
package import Secrets
package import X509

/// Finding out what a tag is judged from. The caller reads files and fetches lists; nothing here waits or writes.
extension DeviceTag {
    /// Most lists that are fetched for one identity.
    package static let revocationListLimit = 16

    /// The path from the certificate to the CAs that the gateway was given.
    ///
    /// Built at a time when the certificate is valid, so that an expired one is told from an untrusted one.
    package static func path(
        from certificate: Certificate, chain: [Certificate], identificationCAs: [Certificate], now: Date,
        crypto: some TagCryptography
    ) -> PathEvidence {
        guard !identificationCAs.isEmpty else { return .noAuthorities }
        // Libraries differ on whether a certificate is valid in its last second.
        let time = max(min(now, certificate.notAfter - 1), certificate.notBefore)
        do {
            let whole = try crypto.path(from: certificate, intermediates: chain, anchors: identificationCAs, at: time)
            let below = Array(whole.prefix { !identificationCAs.contains($0) })
            guard !below.isEmpty else { return .none("the certificate itself is named as an identification CA") }
            guard below.count < whole.count else { return .none("the path ends below the identification CAs") }
            return .found(below: below, whole: whole)
        } catch {
            return .none("\(error)")
        }
    }

    /// The addresses of the revocation lists to fetch for this path, in order, each once; empty where the rules do not
    /// ask for revocation. CAs that the gateway was given are not checked: they are trusted by decree.
    package static func revocationListURLs(for path: PathEvidence, rules: TagRules) -> [String] {
        guard rules.requireRevocationCheck, case .found(let below, _) = path else { return [] }
        var urls: [String] = []
        for url in below.flatMap({ places(for: $0, rules) }) where !urls.contains(url) { urls.append(url) }
        return Array(urls.prefix(revocationListLimit))
    }

    /// Gathers the evidence on one identity.
    ///
    /// - Parameters:
    ///   - key: the stored key, PKCS#8 PEM; nil where there is none.
    ///   - isCopied: the key is another machine's.
    ///   - publication: what the installer published last.
    ///   - fetched: what came of each of `revocationListURLs`; one that is missing counts as not fetched.
    package static func evidence(
        certificate: Certificate, chain: [Certificate], key: Secret?, isCopied: Bool = false,
        publication: PublicationEvidence, identificationCAs: [Certificate], rules: TagRules,
        fetched: [String: RevocationListFetch], now: Date, crypto: some TagCryptography
    ) -> TagEvidence {
        let path = path(
            from: certificate, chain: chain, identificationCAs: identificationCAs, now: now, crypto: crypto)
        var revocation: [RevocationEvidence] = []
        if rules.requireRevocationCheck, case .found(let below, let whole) = path {
            for (element, issuer) in zip(below, whole.dropFirst()) {
                let attempts = places(for: element, rules).map { url in
                    let outcome = outcome(
                        of: fetched[url], url, for: element, issuedBy: issuer, crypto: crypto, now: now)
                    return RevocationEvidence.Attempt(url: url, outcome: outcome)
                }
                revocation.append(RevocationEvidence(certificate: element, attempts: attempts))
            }
        }
        return TagEvidence(
            certificate: certificate, chain: chain,
            key: isCopied ? .copied : keyEvidence(key, for: certificate, crypto: crypto), path: path,
            revocation: revocation, publication: publication)
    }

    /// Whether a list's address is one that is fetched: HTTP or HTTPS, and no longer than addresses get. LDAP is not
    /// (RFC 5280 §4.2.1.13 allows it; gateways in the cloud cannot reach it).
    static func isFetchable(_ url: String) -> Bool {
        let text = url.lowercased()
        return (text.hasPrefix("http://") || text.hasPrefix("https://")) && text.utf8.count <= 2048
    }

    private static func places(for certificate: Certificate, _ rules: TagRules) -> [String] {
        (certificate.revocationListURLs + rules.revocationListURLs).filter(isFetchable)
    }

    private static func outcome(
        of fetch: RevocationListFetch?, _ url: String, for certificate: Certificate, issuedBy issuer: Certificate,
        crypto: some TagCryptography, now: Date
    ) -> RevocationOutcome {
        switch fetch {
        case nil: .unreachable("it was not tried")
        case .unreachable(let reason): .unreachable(reason)
        case .fetched(let bytes):
            RevocationCheck.judge(bytes, from: url, for: certificate, issuedBy: issuer, crypto: crypto, now: now)
        }
    }

    private static func keyEvidence(
        _ key: Secret?, for certificate: Certificate, crypto: some TagCryptography
    ) -> KeyEvidence {
        guard let key else { return .absent }
        do {
            guard try crypto.publicKeyInfo(of: key) == certificate.publicKeyInfo else { return .foreign }
        } catch {
            return .unreadable("\(error)")
        }
        do {
            let isProven = try crypto.provesPossession(of: key, for: certificate)
            return isProven ? .proven : .signsNot("the certificate's public key refuses it")
        } catch {
            return .signsNot("\(error)")
        }
    }
}
