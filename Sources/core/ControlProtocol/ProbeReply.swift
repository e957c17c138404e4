/// What `Probe` answers with. Nothing in it is authentic until a person has compared fingerprints.
package struct ProbeReply: Codable, Sendable, Equatable {
    /// One certificate that the server offers.
    package struct OfferedCertificate: Codable, Sendable, Equatable {
        /// `root`, `authority` or `registration`.
        package var role: String
        package var subject: String
        package var issuer: String
        /// Lower-case hexadecimal.
        package var sha256: String
        /// "RSA 2048", "EC P-256".
        package var key: String
        package var notBefore: Timestamp
        package var notAfter: Timestamp
        package var takesRequests: Bool
        package var signsReplies: Bool

        enum CodingKeys: String, CodingKey {
            case role, subject, issuer, sha256, key
            case notBefore = "not_before"
            case notAfter = "not_after"
            case takesRequests = "takes_requests"
            case signsReplies = "signs_replies"
        }

        package init(
            role: String, subject: String, issuer: String, sha256: String, key: String, notBefore: Timestamp,
            notAfter: Timestamp, takesRequests: Bool, signsReplies: Bool
        ) {
            self.role = role
            self.subject = subject
            self.issuer = issuer
            self.sha256 = sha256
            self.key = key
            self.notBefore = notBefore
            self.notAfter = notAfter
            self.takesRequests = takesRequests
            self.signsReplies = signsReplies
        }
    }

    /// In what the server differs from what is usual.
    package struct Finding: Codable, Sendable, Equatable {
        /// Stable.
        package var code: String
        package var text: String
        package var remedy: String

        package init(code: String, text: String, remedy: String) {
            self.code = code
            self.text = text
            self.remedy = remedy
        }
    }

    package var url: String
    /// Lower case.
    package var capabilities: [String]
    package var certificates: [OfferedCertificate]
    package var findings: [Finding]
    /// TLS says that the answers are the server's.
    package var authenticated: Bool
    /// Whether certificates can be had from it as it is.
    package var usable: Bool
    /// TOML, ready to be completed and put into /etc/signet/profiles.d.
    package var profile: String

    package init(
        url: String, capabilities: [String], certificates: [OfferedCertificate], findings: [Finding],
        authenticated: Bool, usable: Bool, profile: String
    ) {
        self.url = url
        self.capabilities = capabilities
        self.certificates = certificates
        self.findings = findings
        self.authenticated = authenticated
        self.usable = usable
        self.profile = profile
    }
}
