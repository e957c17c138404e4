package import FoundationEssentials
package import X509

/// Judges one revocation list for one certificate (RFC 5280 §6.3.3, without deltas and indirect lists).
package enum RevocationCheck {
    /// Seconds that a list may come from the future: clocks of CAs and devices differ.
    package static let clockSkew = 300.0

    /// What the list says about `certificate`.
    ///
    /// - Parameters:
    ///   - bytes: as fetched from `url`: DER, or PEM, which some servers send against RFC 5280 §4.2.1.13.
    ///   - issuer: the next element of the certificate's verified path.
    package static func judge(
        _ bytes: [UInt8], from url: String, for certificate: Certificate, issuedBy issuer: Certificate,
        crypto: some TagCryptography, now: Date
    ) -> RevocationOutcome {
        let list: RevocationList
        do {
            list = try RevocationList(der: der(bytes))
        } catch {
            return .malformed("\(error)")
        }
        guard list.issuer.matches(certificate.issuer) else { return .otherIssuer }
        // Before anything in it is believed.
        if let usage = issuer.keyUsage, !usage.contains(.crlSign) {
            return .unsuitable("its issuer's certificate does not allow to sign revocation lists")
        }
        guard crypto.isSignature(ofRevocationList: list.der, madeBy: issuer) else { return .badSignature }
        guard list.thisUpdate <= now + clockSkew else { return .notYetValid(thisUpdate: list.thisUpdate) }
        do {
            // An entry counts whatever else the list covers, and after its end: nobody but the issuer can have signed
            // it. Not so in indirect lists, whose entries may be of other issuers, and in deltas, whose entries may
            // take back.
            if list.scope?.isIndirect != true, list.unsupportedCriticalExtension == nil,
                try list.contains(serialNumber: certificate.serialNumber)
            {
                return .listed
            }
        } catch {
            return .malformed("\(error)")
        }
        if let reason = whyUnsuitable(list, from: url, for: certificate) { return .unsuitable(reason) }
        guard let nextUpdate = list.nextUpdate, now < nextUpdate else { return .stale(nextUpdate: list.nextUpdate) }
        return .good(nextUpdate: nextUpdate)
    }

    /// Whether a list that was just fetched takes the place of the one that was kept from before.
    ///
    /// The places that lists are fetched from are not authenticated: who owns one may put there anything, what the CA
    /// signed last week, and what it signed for other certificates. None replaces what it signed since for these: an entry
    /// counts after the list's end too.
    ///
    /// - Parameter path: the certificate's verified one, the certificate first.
    package static func supersedes(
        _ fetched: [UInt8], _ kept: [UInt8]?, from url: String, path: [Certificate], crypto: some TagCryptography,
        now: Date
    ) -> Bool {
        let issuers = Array(path.dropFirst())
        guard let new = signed(fetched, issuers: issuers, crypto: crypto, now: now) else { return false }
        guard let kept, let old = signed(kept, issuers: issuers, crypto: crypto, now: now) else { return true }
        func isSuitable(_ list: RevocationList) -> Bool {
            path.dropLast().contains {
                list.issuer.matches($0.issuer) && whyUnsuitable(list, from: url, for: $0) == nil
            }
        }
        return isSuitable(old) ? isSuitable(new) && new.thisUpdate >= old.thisUpdate : true
    }

    /// The list, where one of these CAs signed it, and not in the future.
    private static func signed(
        _ bytes: [UInt8], issuers: [Certificate], crypto: some TagCryptography, now: Date
    ) -> RevocationList? {
        guard let list = try? RevocationList(der: der(bytes)), list.thisUpdate <= now + clockSkew else { return nil }
        let isSigned = issuers.contains {
            list.issuer.matches($0.subject) && crypto.isSignature(ofRevocationList: list.der, madeBy: $0)
        }
        return isSigned ? list : nil
    }

    private static func whyUnsuitable(_ list: RevocationList, from url: String, for certificate: Certificate) -> String?
    {
        if let identifier = list.unsupportedCriticalExtension {
            return "it has a critical extension that is not understood, \(identifier)"
        }
        guard let scope = list.scope else { return nil }
        if scope.isIndirect { return "it is an indirect list" }
        if scope.onlySomeReasons { return "it covers only some reasons" }
        if scope.onlyAttributeCertificates { return "it covers only attribute certificates" }
        if scope.onlyUserCertificates, certificate.isAuthority { return "it covers no CA certificates" }
        if scope.onlyAuthorityCertificates, !certificate.isAuthority { return "it covers only CA certificates" }
        if scope.hasOtherName { return "it is for a distribution point that has no address" }
        let places = Set(certificate.revocationListURLs + [url])
        if !scope.urls.isEmpty, places.isDisjoint(with: scope.urls) {
            return "it is for certificates of another distribution point"
        }
        return nil
    }

    private static func der(_ bytes: [UInt8]) throws(X509Fault) -> [UInt8] {
        guard bytes.starts(with: Array("-----BEGIN".utf8)) else { return bytes }
        return try PEM.blocks(labelled: PEM.revocationListLabel, in: bytes).first ?? bytes
    }
}
