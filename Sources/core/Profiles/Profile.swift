package import X509

/// What an admin asked for, already valid: one certificate to obtain and keep.
///
/// A value of this type cannot be wrong in itself. It may still name variables that this machine cannot fill, which
/// rendering says (`SubjectTemplate.render`).
package struct Profile: Sendable, Equatable {
    package let name: ProfileName
    package let scep: SCEPSettings
    package let subject: SubjectTemplate
    package let key: KeySettings
    package let renewal: RenewalSettings
    package let install: InstallSettings
    package let deviceTag: DeviceTagSettings

    package init(
        name: ProfileName, scep: SCEPSettings, subject: SubjectTemplate, key: KeySettings, renewal: RenewalSettings,
        install: InstallSettings, deviceTag: DeviceTagSettings
    ) {
        self.name = name
        self.scep = scep
        self.subject = subject
        self.key = key
        self.renewal = renewal
        self.install = install
        self.deviceTag = deviceTag
    }
}

/// A profile's name, `[a-z0-9][a-z0-9-]{0,62}`: safe as a file name, a label and a socket argument.
package struct ProfileName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let description: String

    /// nil where the text is not such a name.
    package init?(_ text: String) {
        let isFirst: (UInt8) -> Bool = { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        let bytes = Array(text.utf8)
        guard let first = bytes.first, isFirst(first), bytes.count <= 63,
            bytes.allSatisfy({ isFirst($0) || $0 == 0x2D })
        else { return nil }
        description = text
    }

    package static func < (one: ProfileName, other: ProfileName) -> Bool { one.description < other.description }
}

/// `[scep]`: what a client is told by hand (RFC 8894 §2.1.1).
package struct SCEPSettings: Sendable, Equatable {
    /// One or more; a transaction keeps to one of them.
    package var urls: [String]
    /// SHA-256 of the CA certificates that are trusted for this exchange; empty only with `allowUnpinnedCA`.
    package var caFingerprints: [[UInt8]]
    package var allowUnpinnedCA: Bool
    /// SHA-256 of RA certificates that are authorised by name.
    package var raFingerprints: [[UInt8]]
    package var challenge: ChallengeSource?
    package var security: SecurityLevel
    /// Requests may be 3DES and SHA-1 where a server offers no better.
    package var legacyRequest: Bool
    /// Whether a request by itself may carry the challenge again after the identity was revoked.
    package var afterRevocation: AfterRevocation
    /// The same where the identity is another machine's, of whose disk this one has a copy.
    package var afterCloning: AfterCloning
    /// A file of CA certificates that the HTTPS server must chain to, in place of the system's.
    package var tlsCA: String?
    /// The preset's, where the profile does not say otherwise.
    package var options: ServerOptions
    /// The proxy that leads to the server, to the challenge's, and to revocation lists.
    package var proxy: ProxySettings?

    package init(
        urls: [String], caFingerprints: [[UInt8]], allowUnpinnedCA: Bool, raFingerprints: [[UInt8]],
        challenge: ChallengeSource?, security: SecurityLevel, legacyRequest: Bool, afterRevocation: AfterRevocation,
        afterCloning: AfterCloning = .wait, tlsCA: String?, options: ServerOptions = ServerOptions(),
        proxy: ProxySettings? = nil
    ) {
        self.urls = urls
        self.caFingerprints = caFingerprints
        self.allowUnpinnedCA = allowUnpinnedCA
        self.raFingerprints = raFingerprints
        self.challenge = challenge
        self.security = security
        self.legacyRequest = legacyRequest
        self.afterRevocation = afterRevocation
        self.afterCloning = afterCloning
        self.tlsCA = tlsCA
        self.options = options
        self.proxy = proxy
    }
}

/// Where the challenge is read from when it is needed; the value itself never is in here.
package struct ChallengeSource: Sendable, Equatable {
    package enum Location: Sendable, Equatable {
        /// A systemd credential, by the name of its file in /etc/signet/credentials.
        case credential(String)
        /// A file that only its owner can read.
        case file(String)
        /// A command and its arguments; its standard output is the challenge.
        case command([String])
        /// A server that makes a new one for whoever asks and may: it is never sent twice.
        case server(ChallengeServer)
    }
    package var location: Location
    /// The PKI accepts it once, and nobody but a person has another: a request that may have arrived is never followed by
    /// another with it.
    package var singleUse: Bool

    package init(location: Location, singleUse: Bool) {
        self.location = location
        self.singleUse = singleUse
    }
}

/// A server that hands out challenges.
package struct ChallengeServer: Sendable, Equatable {
    package enum Kind: String, Sendable, Equatable {
        /// NDES's page `mscep_admin`; the credential holds a login.
        case ndes
        /// An endpoint that answers with a challenge and nothing else; the credential holds a bearer token.
        case endpoint = "url"
    }
    /// `scep.challenge.method`
    package enum Method: String, Sendable, Equatable, CaseIterable {
        case get = "GET"
        case post = "POST"
    }
    package var kind: Kind
    /// An https URL.
    package var url: String
    package var credential: String?
    package var method: Method

    package init(kind: Kind, url: String, credential: String?, method: Method = .get) {
        self.kind = kind
        self.url = url
        self.credential = credential
        self.method = method
    }
}

/// `scep.security`: what replies may use.
package enum SecurityLevel: String, Sendable, Equatable, CaseIterable { case compatible, rfc8894 }

/// `scep.after-revocation`: what happens by itself once the identity was revoked.
package enum AfterRevocation: String, Sendable, Equatable, CaseIterable { case wait, enroll }

/// `scep.after-cloning`: what happens by itself on a machine that has a copy of another one's disk.
package enum AfterCloning: String, Sendable, Equatable, CaseIterable { case wait, enroll }

/// `[key]`
package struct KeySettings: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// RSA modulus length: 2048, 3072 or 4096.
        case rsa(bits: Int)
        case ec(NamedCurve)
    }
    package var kind: Kind
    /// How a reply reaches a key that nothing can be encrypted to.
    package var transport: KeyTransport
    package init(_ kind: Kind, transport: KeyTransport = .auto) {
        self.kind = kind
        self.transport = transport
    }
}

/// `key.transport`: what the reply to an EC key's request is encrypted to.
package enum KeyTransport: String, Sendable, Equatable, CaseIterable {
    /// To an RSA key, unless the CA itself has an EC key: then under the challenge.
    case auto
    /// To an RSA key of the transaction's own.
    case rsa
    /// Under the challenge (RFC 8894 §3.1).
    case password
}

/// `[renewal]`, as fractions of the lifetime.
package struct RenewalSettings: Sendable, Equatable {
    package var at: Double
    package var spread: Double
    package init(at: Double, spread: Double) {
        self.at = at
        self.spread = spread
    }
}

/// `[install]`. Paths are as root wrote them, below `--root`.
package struct InstallSettings: Sendable, Equatable {
    package var anchors: [String]
    package var chain: [String]
    package var group: String?
    package init(anchors: [String], chain: [String], group: String?) {
        self.anchors = anchors
        self.chain = chain
        self.group = group
    }
}

/// `[device-tag]`
package struct DeviceTagSettings: Sendable, Equatable {
    /// Files of the CAs that the gateway was given; empty means the pinned CA.
    package var identificationCAs: [String]
    package var gateway: Gateway
    package var requireRevocationCheck: Bool
    /// In addition to the certificate's own distribution points.
    package var revocationListURLs: [String]
    package init(
        identificationCAs: [String], gateway: Gateway, requireRevocationCheck: Bool, revocationListURLs: [String]
    ) {
        self.identificationCAs = identificationCAs
        self.gateway = gateway
        self.requireRevocationCheck = requireRevocationCheck
        self.revocationListURLs = revocationListURLs
    }
}

/// `device-tag.gateway`: whose rules decide which checks are hard.
package enum Gateway: String, Sendable, Equatable, CaseIterable {
    case mdca
}
