package import X509

/// What root decided about a server: whom to believe, and what replies may use. Values only.
package struct ServerPolicy: Sendable {
    /// SHA-256 of the CA certificates that this exchange trusts.
    package var caFingerprints: [[UInt8]]
    /// Any CA certificate will do: root said so in as many words.
    package var allowUnpinnedCA: Bool
    /// SHA-256 of RA certificates that root authorised by name.
    package var raFingerprints: [[UInt8]]
    /// Any RA certificate of an admitted CA will do: only for looking at a server.
    var allowAnyRA = false
    /// Certificates that the profile's `chain` and `anchors` name: they admit an issuing CA below a pinned root.
    package var namedCertificates: [Certificate]
    /// Anchors that Signet itself installs; a TLS chain that ends in one of them authenticates nobody. nil where they
    /// are not all known: then no chain does.
    package var installedAnchors: [Certificate]?
    /// `tls-ca` names whom the HTTPS server must chain to.
    package var namesTLSAuthority: Bool
    package var security: Security
    /// Requests may fall to 3DES and SHA-1 where the server offers no better.
    package var legacyRequest: Bool
    /// Which of a server's CAs is meant (`ServerURL.target`).
    package var caIdentifier: String?
    /// What the server has offered before: requests do not fall below it.
    package var knownCapabilities: Capabilities

    /// What replies may use.
    package enum Security: Sendable, Equatable {
        /// SHA-1 (RFC 8894 §7.9), 3DES and single DES too, each reported: the reply holds only public certificates, and forging its
        /// signature needs the RA to sign attacker-made content that carries our nonce.
        case compatible
        /// As RFC 8894 §2.9 has it: AES and SHA-2.
        case rfc8894
    }

    package init(
        caFingerprints: [[UInt8]], allowUnpinnedCA: Bool = false, raFingerprints: [[UInt8]] = [],
        namedCertificates: [Certificate] = [], installedAnchors: [Certificate]? = [],
        namesTLSAuthority: Bool = false, security: Security = .compatible, legacyRequest: Bool = false,
        caIdentifier: String? = nil, knownCapabilities: Capabilities = .none
    ) {
        self.caFingerprints = caFingerprints
        self.allowUnpinnedCA = allowUnpinnedCA
        self.raFingerprints = raFingerprints
        self.namedCertificates = namedCertificates
        self.installedAnchors = installedAnchors
        self.namesTLSAuthority = namesTLSAuthority
        self.security = security
        self.legacyRequest = legacyRequest
        self.caIdentifier = caIdentifier
        self.knownCapabilities = knownCapabilities
    }

    func admits(_ digest: DigestAlgorithm) -> Bool { security == .compatible || digest != .sha1 }

    func admits(_ cipher: ContentCipher) -> Bool {
        switch cipher {
        case .aes128CBC, .aes192CBC, .aes256CBC: true
        case .tripleDESCBC, .desCBC: security == .compatible
        }
    }
}

/// Something a server does below today's standards, admitted under `compatible` and shown.
package enum Weakness: Sendable, Hashable, CustomStringConvertible {
    case digest(DigestAlgorithm)
    case cipher(ContentCipher)

    package var description: String {
        switch self {
        case .digest(let digest): "signs replies with \(digest.rawValue)"
        case .cipher(let cipher): "encrypts replies with \(cipher.rawValue)"
        }
    }
}

/// Bounds on everything that a server sends. Bytes and seconds.
package enum ExchangeLimits {
    package static let capabilitiesBytes = 64 * 1024
    package static let answerBytes = 1024 * 1024
    package static let deadline = 30.0
    /// Certificates in a GetCACert answer, and in a reply.
    package static let certificates = 16
    /// Least remaining lifetime, in seconds, of a certificate that is worth taking: time to renew it once.
    package static let retryHorizon = 30.0
    /// How far a CA's clock may run ahead of ours, in seconds.
    package static let clockSkew = 600.0
    /// By how much this machine's clock may differ from what the server says of its own, in seconds, before a challenge is
    /// sent: hardware clocks are off by hours where they tell local time, and what answers may be a cache.
    package static let clockTolerance = 86_400.0
    /// Least characters of a challenge that a message is encrypted under.
    package static let shortestPassword = 16
}
