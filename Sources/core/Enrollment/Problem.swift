package import FoundationEssentials

/// Something that is wrong now. Kept in state, so that `since` outlives the process.
package struct Problem: Sendable, Equatable, Codable {
    package var code: ProblemCode
    package var since: Date
    /// What exactly, in one line; never a secret.
    package var detail: String

    package init(_ code: ProblemCode, since: Date, detail: String) {
        self.code = code
        self.since = since
        self.detail = detail
    }

    /// The sentence for people: the table's, and what exactly.
    package var text: String { detail.isEmpty ? code.sentence : "\(code.sentence): \(detail)" }
}

/// Every kind of problem there is. Raw values are stable: fleets alert on them.
package enum ProblemCode: String, Sendable, Equatable, Codable, CaseIterable {
    case unreachable = "server-unreachable"
    case overloaded = "server-overloaded"
    case refused = "request-refused"
    case challengeRefused = "challenge-refused"
    case clockRefused = "clock-refused"
    case untrustedReply = "untrusted-reply"
    case wrongCA = "wrong-ca"
    case raNotAuthorised = "ra-not-authorised"
    case raChanged = "ra-changed"
    case notSCEP = "not-a-scep-server"
    case weakServer = "weak-server"
    case challengeSpent = "challenge-spent"
    case challengeUnavailable = "challenge-unavailable"
    case pendingTooLong = "pending-too-long"
    case expiresSooner = "expires-sooner"
    case expired
    case revoked
    case storage
    case keyLost = "key-lost"
    case profileInvalid = "profile-invalid"
    case subjectUnavailable = "subject-unavailable"
    case installRefused = "install-refused"
    case installerUnreachable = "installer-unreachable"
    case publicationAltered = "publication-altered"
    case notWithdrawn = "not-withdrawn"
    case cryptography
    case stateUnreadable = "state-unreadable"
    case endpointUnreachable = "endpoint-unreachable"
    case endpointFailing = "endpoint-failing"
    case endpointRefusesDevice = "endpoint-refuses-device"
    case endpointCredential = "endpoint-credential-unavailable"
    case reportRefused = "report-refused"
    case reportsNotKept = "reports-not-kept"

    /// How bad it is: an error keeps the identity from being had, kept or used.
    package enum Severity: String, Sendable, Codable { case warning, error }

    package var severity: Severity { entry.0 }
    /// What is wrong, as the beginning of a sentence.
    package var sentence: String { entry.1 }
    /// What to do, as an order.
    package var remedy: String { entry.2 }

    /// The one table of problems: severity, sentence, remedy.
    private var entry: (Severity, String, String) {
        switch self {
        case .unreachable:
            (
                .error, "the SCEP server does not answer",
                "check scep.url, name resolution, proxy and firewall; it is tried again by itself"
            )
        case .overloaded:
            (.warning, "the SCEP server asks to wait", "nothing: it is tried again when the server allows it")
        case .refused:
            (
                .error, "the PKI refused the request",
                "ask the PKI's owner why; then change the profile, or run 'signetctl renew' to try at once"
            )
        case .challengeRefused:
            (
                .error, "the PKI refused the request, most likely for its challenge",
                "put a valid challenge in place and run 'signetctl enroll'; on NDES, get a fresh one"
            )
        case .clockRefused:
            (
                .error, "the PKI found this machine's time wrong",
                "set the clock, for example with systemd-timesyncd, and run 'signetctl renew'"
            )
        case .untrustedReply:
            (
                .error, "the server's answer failed a check, and was not acted on",
                "compare scep.url with what the PKI's owner says; if it is right, show them this message"
            )
        case .wrongCA:
            (
                .error, "the server's CA is not the pinned one; nothing was sent to it",
                "check the fingerprint with the PKI's owner, then correct scep.ca-fingerprint"
            )
        case .raNotAuthorised:
            (
                .error, "nothing authorises the server's RA certificate; the challenge was not sent",
                "check its fingerprint with the PKI's owner, then add the line that the text names to [scep]"
            )
        case .raChanged:
            (
                .warning, "the server's CA or RA certificates changed",
                "make sure that the PKI's owner renewed them; this clears with the next exchange"
            )
        case .notSCEP:
            (
                .error, "what answers is no SCEP server",
                "check scep.url, and whether a proxy or a captive portal stands between"
            )
        case .weakServer:
            (
                .warning, "the server uses outdated cryptography",
                "ask the PKI's owner for AES and SHA-256; to refuse such replies set security = \"rfc8894\""
            )
        case .challengeSpent:
            (
                .error, "the single-use challenge is used up, and a new one is needed",
                "put a new challenge in place and run 'signetctl enroll'"
            )
        case .challengeUnavailable:
            (
                .error, "the challenge cannot be read",
                "put in place what the text names; a credential is noticed by itself, a file or command within the hour or "
                    + "at once by 'signetctl enroll'"
            )
        case .pendingTooLong:
            (
                .error, "the request was not approved in time",
                "ask the PKI's owner to approve it, then run 'signetctl enroll'"
            )
        case .expiresSooner:
            (
                .warning, "the new certificate ends before the one it replaces did",
                "ask the PKI's owner whether the validity was shortened on purpose"
            )
        case .expired:
            (.error, "the certificate has expired", "see the other problems for why it was not renewed")
        case .revoked:
            (
                .error, "the certificate is revoked",
                "ask the PKI's owner why; then run 'signetctl enroll' for a new one"
            )
        case .storage:
            (
                .error, "the agent cannot write its state; nothing was sent",
                "free space or restore write access below /var/lib/signet; it is tried again by itself"
            )
        case .keyLost:
            (
                .error, "the private key of the identity cannot be read",
                "restore /var/lib/signet from where it went, or run 'signetctl enroll' for a new identity"
            )
        case .profileInvalid:
            (
                .error, "the profile has errors and is not used as it stands",
                "run 'signetctl config check' and correct them"
            )
        case .subjectUnavailable:
            (
                .error, "the profile's subject cannot be made on this machine",
                "give the machine the value that is missing, or take the variable out of the profile"
            )
        case .installRefused:
            (
                .error, "signet-installd did not publish the certificate",
                "correct what the text names; it is tried again by itself"
            )
        case .installerUnreachable:
            (
                .error, "signet-installd cannot be reached; the certificate is not published",
                "check 'systemctl status signet-installd.socket'; it is tried again by itself"
            )
        case .publicationAltered:
            (
                .warning, "somebody changed what was published",
                "look who writes below /etc/ssl/signet; it is published again by itself"
            )
        case .notWithdrawn:
            (
                .warning, "what was published for a removed profile could not be taken back",
                "correct what the text names; it is tried again by itself"
            )
        case .cryptography:
            (
                .error, "the cryptographic library failed",
                "check the OpenSSL installation and its policies; the text names the call"
            )
        case .stateUnreadable:
            (
                .error, "what the agent keeps on the disk cannot be read, and is left alone",
                "below /var/lib/signet, restore what the text names, or the right to read it; once removed it is made anew"
            )
        case .endpointUnreachable:
            (
                .warning, "the management endpoint does not answer; reports wait",
                "check management.endpoint, management.ca, name resolution, proxy and firewall; they are sent by themselves"
            )
        case .endpointFailing:
            (
                .warning, "the management endpoint takes no reports now; they wait",
                "nothing on this machine: they are sent again by themselves; if it stays so, tell the endpoint's owner"
            )
        case .endpointRefusesDevice:
            (
                .warning, "the management endpoint does not accept this device; reports wait",
                "check management.token, and that the endpoint trusts the certificate; then run 'signetctl report'"
            )
        case .endpointCredential:
            (
                .warning, "what the management endpoint asks of this device cannot be had; reports wait",
                "put in place what the text names, then run 'signetctl report'"
            )
        case .reportRefused:
            (
                .warning, "the management endpoint refused a report, which was dropped",
                "show this message to the endpoint's owner; a heartbeat has told it what is so"
            )
        case .reportsNotKept:
            (
                .warning, "reports cannot be kept on the disk, and changes are not reported",
                "free space or restore access below /var/lib/signet; what is so then is reported by itself"
            )
        }
    }
}
