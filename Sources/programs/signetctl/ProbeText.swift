import ControlProtocol

/// What a server offers, for people.
enum ProbeText {
    private static let indent = 16

    static func render(_ reply: ProbeReply, style: Style, now: Timestamp) -> String {
        var text = style.lines(reply.url, label: "server", indent: indent, colour: .strong)
        let list = reply.capabilities.joined(separator: ", ")
        text += style.lines(list.isEmpty ? "none" : list, label: "capabilities", indent: indent)
        text += style.lines(
            reply.authenticated ? "by its TLS certificate" : "by nothing: compare the fingerprints",
            label: "authenticated", indent: indent, colour: reply.authenticated ? .good : .warning)
        for certificate in reply.certificates { text += "\n" + render(certificate, style, now) }
        if !reply.findings.isEmpty { text += "\n" }
        for finding in reply.findings {
            text += style.lines("\(finding.text) [\(finding.code)]", label: "finding", indent: indent, colour: .warning)
            text += style.lines("to do: \(finding.remedy)", indent: indent)
        }
        // The same wherever it is pasted from: no colours, no line broken.
        return text + "\n# /etc/signet/profiles.d/NAME.toml\n" + reply.profile
    }

    private static func render(
        _ certificate: ProbeReply.OfferedCertificate, _ style: Style, _ now: Timestamp
    ) -> String {
        let label =
            switch certificate.role {
            case "root": "root CA"
            case "authority": "CA"
            default: "RA"
            }
        var parts: [String] = []
        if certificate.takesRequests { parts.append("requests are encrypted to it") }
        if certificate.signsReplies { parts.append("it may sign replies") }
        return style.lines(certificate.subject, label: label, indent: indent, colour: .strong)
            // In one piece: it is there to be compared.
            + String(repeating: " ", count: indent) + "sha256:\(certificate.sha256)\n"
            + style.lines("\(certificate.key), until \(certificate.notAfter.both(now: now))", indent: indent)
            + (parts.isEmpty ? "" : style.lines(parts.joined(separator: ", "), indent: indent))
    }
}
