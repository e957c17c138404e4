import Faults
package import X509

/// What a server showed of itself. Nobody vouches for any of it.
package struct ProbeFindings: Sendable {
    package let server: ServerURL
    let caIdentifier: String?
    /// As the server wrote them, in lower case, sorted; at most as many as are read of the list.
    package private(set) var capabilities: [String] = []
    package private(set) var certificates: [OfferedCertificate] = []
    package private(set) var quirks: [(quirk: Quirk, detail: String)] = []
    /// Requests can only be encrypted under the challenge.
    private(set) var needsStrongChallenge = false
    /// TLS says that the answers are the server's.
    package var isAuthenticated = false

    /// One certificate of the answer to GetCACert.
    package struct OfferedCertificate: Sendable {
        package enum Role: String, Sendable {
            /// A CA that nobody stands above.
            case root
            /// A CA below another.
            case authority
            /// No CA: it takes requests, or signs replies, for one.
            case registration
        }
        package let certificate: Certificate
        package let role: Role
        /// Requests are encrypted to it.
        package let takesRequests: Bool
        /// Replies may be signed by it.
        package let signsReplies: Bool
        /// A profile has to name it: as `ca-fingerprint` or `ra-fingerprint`.
        package let isToBePinned: Bool
    }

    init(server: ServerURL, caIdentifier: String?) {
        self.server = server
        self.caIdentifier = caIdentifier
    }

    mutating func note(_ quirk: Quirk, _ detail: String = "") { quirks.append((quirk, detail)) }

    /// Notes in what the list of capabilities falls short.
    mutating func note(_ offered: Capabilities) {
        capabilities = offered.keywords.sorted()
        guard !offered.registered.isEmpty else { return note(.noCapabilities) }
        if !offered.offersPost { note(.noPost) }
        if !offered.offersAES || !offered.offersSHA256 { note(.oldAlgorithms) }
        if !offered.offersRenewal { note(.noRenewal) }
    }

    /// Notes that it refuses AES and SHA-256. Where it does not list both there are others that it takes.
    mutating func noteAlgorithms(of offered: Capabilities) {
        if offered.offersAES, offered.offersSHA256 {
            note(.messageRefused, "it refuses AES-128 and SHA-256 (badAlg), and lists both")
        } else {
            note(.algorithmsRefused)
        }
    }

    /// Finds the part of each certificate as a transaction would, with any CA allowed. Where a transaction would refuse
    /// the RA, that is noted, and it is allowed for the rest.
    mutating func examine(
        _ offered: [Certificate], _ capabilities: Capabilities, select: (ServerPolicy) throws -> Authority
    ) -> Authority? {
        var policy = ServerPolicy(caFingerprints: [], allowUnpinnedCA: true)
        var authority: Authority?
        do {
            authority = try select(policy)
        } catch let fault as SCEPFault where fault.code == .raNotAuthorised {
            note(.raNotAuthorised)
            policy.allowAnyRA = true
            do { authority = try select(policy) } catch { note(.unusableAuthority, "\(error)") }
        } catch {
            note(.unusableAuthority, "\(error)")
        }
        needsStrongChallenge = authority?.needsPassword == true
        let needsPin = policy.allowAnyRA
        certificates = offered.map { one in
            let isRegistration = !one.isAuthority
            return OfferedCertificate(
                certificate: one,
                role: isRegistration ? .registration : one.isSelfIssued ? .root : .authority,
                takesRequests: authority?.recipient == one,
                signsReplies: authority?.signers.contains(one) == true,
                isToBePinned: one == authority?.issuer
                    || (needsPin && isRegistration
                        && authority.map { $0.recipient == one || $0.signers.contains(one) } == true)
            )
        }
        return authority
    }
}

/// In what a server differs, or what it has of interest. Raw values are stable.
package enum Quirk: String, Sendable, CaseIterable {
    case plainHTTP = "plain-http"
    case noCapabilities = "no-capabilities"
    case noPost = "no-post"
    case postRefused = "post-refused"
    case getRefused = "get-refused"
    case oldAlgorithms = "old-algorithms"
    case algorithmsRefused = "algorithms-refused"
    case noRenewal = "no-renewal"
    case messageRefused = "message-refused"
    case noCertPoll = "no-cert-poll"
    case weakReply = "weak-reply"
    case replyRefused = "reply-refused"
    case raNotAuthorised = "ra-not-authorised"
    case unusableAuthority = "unusable-authority"
    case clockDiffers = "clock-differs"
    case nextCA = "next-ca"
}
