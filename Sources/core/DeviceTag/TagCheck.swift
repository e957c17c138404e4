/// One of the checks that a device tag comes from.
package struct TagCheck: Sendable, Equatable {
    /// Which check; raw values are stable. The order of the cases is the order of judgement: the first hard one that
    /// fails names the tag.
    package enum ID: String, Sendable, CaseIterable {
        /// There is a certificate, and it can be read.
        case certificatePresent = "cert.present"
        /// Its private key can be read.
        case keyPresent = "key.present"
        /// The key belongs to the certificate.
        case keyMatch = "key.match"
        /// The key signs, and the certificate's public key verifies it.
        case keySign = "key.sign"
        /// Now lies within the certificate's validity.
        case timeValid = "time.valid"
        /// No weak key or outdated digest below the CA. Before the path, which no library builds over weak ones.
        case strength = "alg.strength"
        /// A path leads to a CA that the gateway was given.
        case chainAnchor = "chain.anchor"
        /// Every intermediate is at hand to be sent with the certificate.
        case chainComplete = "chain.complete"
        case extendedKeyUsage = "eku.client_auth"
        case keyUsage = "ku.digital_signature"
        case notAuthority = "bc.not_ca"
        /// There is a place to fetch a revocation list from.
        case revocationURL = "revocation.cdp"
        /// No certificate below the gateway's CA is revoked, by lists that are current and verified.
        case revocationList = "revocation.crl"
        /// The certificate lies where programs look for it, with its key.
        case published = "cert.published"
        /// Subject and alternative names are those that the profile renders.
        case subject = "id.subject"
        /// Renewal is not overdue.
        case expirySoon = "expiry.soon"
    }

    /// How it went. Raw values are stable.
    package enum Result: String, Sendable {
        case pass
        /// Not as it should be; the gateway lets it pass.
        case warn
        case fail
        /// Not asked of this profile, or not answerable because an earlier check failed.
        case skip
    }

    package var id: ID
    package var result: Result
    /// Whether a failure takes the tag away.
    package var hard: Bool
    /// What was found, as a sentence.
    package var text: String
    /// What to do next; nil where there is nothing to do.
    package var remedy: String?

    package init(id: ID, result: Result, hard: Bool, text: String, remedy: String? = nil) {
        self.id = id
        self.result = result
        self.hard = hard
        self.text = text
        self.remedy = remedy
    }
}
