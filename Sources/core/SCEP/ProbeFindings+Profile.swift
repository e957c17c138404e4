package import X509

extension ProbeFindings {
    /// The profile that would use the server, as TOML with the machine's part left to fill in.
    ///
    /// - Parameters:
    ///   - tlsCA: where the profile has the CA of the server's TLS certificate, if it is one of its own.
    ///   - digest: lower-case hex SHA-256 of a certificate.
    package func profile(tlsCA: String? = nil, digest: (Certificate) -> String) -> String {
        var lines = ["[scep]", "url = \(Self.quoted("\(server)"))"]
        if let tlsCA {
            lines += ["# A copy of the file that was given to the probe.", "tls-ca = \(Self.quoted(tlsCA))"]
        }
        if let caIdentifier { lines.append("ca-identifier = \(Self.quoted(caIdentifier))") }
        if let preset { lines.append("server = \(Self.quoted(preset))") }
        let pinned = certificates.filter(\.isToBePinned)
        for (key, isRegistration) in [("ca-fingerprint", false), ("ra-fingerprint", true)] {
            let named = pinned.filter { ($0.role == .registration) == isRegistration }.map(\.certificate)
            guard !named.isEmpty else { continue }
            lines += named.map { "# \("\($0.subject)".prefix(Self.subjectLimit))" }
            lines.append("\(key) = [\(named.map { Self.quoted("sha256:" + digest($0)) }.joined(separator: ", "))]")
        }
        if quirks.contains(where: { $0.quirk == .algorithmsRefused }) { lines.append("legacy-request = true") }
        if needsStrongChallenge {
            lines.append("# At least \(ExchangeLimits.shortestPassword) characters: messages are encrypted under it.")
        }
        lines += [
            "challenge = { credential = \"scep-challenge\" }", "", "[subject]", "name = \"CN=${hostname}\"", "",
        ]
        return lines.joined(separator: "\n")
    }

    /// Characters of a name that are shown: the server chose it.
    package static let subjectLimit = 256

    /// The preset of a product that gives itself away; nil where none does.
    private var preset: String? {
        let path = "\(server)".lowercased()
        if path.contains("/certsrv/mscep") { return "ndes" }
        if path.contains("/ejbca/") { return "ejbca" }
        return certificates.contains { $0.certificate.extendedKeyUsage?.contains(.certificateRequestAgent) == true }
            ? "ndes" : nil
    }

    /// A basic string of TOML. A URL has no control characters (`ServerURL`).
    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}
