import ControlProtocol

/// The status document for a person.
enum StatusText {
    /// Where the values stand, behind their labels.
    private static let column = 15

    /// All of it: the machine, what is wrong with it, and each profile.
    static func render(_ status: StatusDocument, style: Style, now: Timestamp) -> String {
        ([machine(status, style, now)] + status.profiles.map { profile($0, style, now) }).joined(separator: "\n")
    }

    private static func machine(_ status: StatusDocument, _ style: Style, _ now: Timestamp) -> String {
        let device = status.device
        let serial = device.serialNumber.map { ", serial number \($0)" } ?? ""
        // Nobody has named it.
        let name = device.hostname.isEmpty ? "this machine" : device.hostname
        var text = style.lines("\(name)\(serial)", indent: 0)
        text += style.lines(
            "signet \(status.agent.version), OpenSSL \(status.agent.openssl)", label: "  agent", indent: column)
        text += style.lines(status.writtenAt.both(now: now), label: "  as of", indent: column)
        if let tick = status.nextTick {
            text += style.lines(tick.both(now: now), label: "  next look", indent: column)
        }
        if let reports = reports(status.outbox, now) {
            text += style.lines(reports, label: "  reports", indent: column)
        }
        if status.profiles.isEmpty {
            text += style.lines("none; put one into /etc/signet/profiles.d", label: "  profiles", indent: column)
        }
        return text + status.problems.map { style.problem($0, indent: column, now: now) }.joined()
    }

    /// nil where every report was accepted.
    private static func reports(_ outbox: StatusDocument.Outbox, _ now: Timestamp) -> String? {
        var lines: [String] = []
        if outbox.waiting > 0 {
            let oldest = outbox.oldest.map { ", the oldest since \($0.both(now: now))" } ?? ""
            lines.append("\(outbox.waiting) waiting\(oldest)")
        }
        if let dropped = outbox.dropped, dropped > 0 { lines.append("\(dropped) dropped") }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    private static func profile(_ profile: StatusDocument.Profile, _ style: Style, _ now: Timestamp) -> String {
        var text = style.paint(printable(profile.name), .strong) + ": \(profile.state.rawValue)\n"
        text += style.lines(tag(profile.tag, now), label: "  device tag", indent: column)
        if let identity = profile.identity {
            text += self.identity(identity, style, now)
            let published = profile.published.map { $0 == identity.generation ? "yes" : "generation \($0) is" } ?? "no"
            text += style.lines(published, label: "  published", indent: column)
        } else {
            text += style.lines("none", label: "  certificate", indent: column)
        }
        if let next = profile.nextIdentity {
            text += style.lines(
                "generation \(next.generation), issued by \(next.issuer)\nvalid until \(next.notAfter.both(now: now))",
                label: "  after it", indent: column)
        }
        if let transaction = profile.transaction {
            text += style.lines(
                "\(transaction.kind), attempt \(transaction.attempt): \(transaction.step)", label: "  under way",
                indent: column)
        }
        let isUnderWay = profile.transaction != nil && profile.next == nil
        let next =
            profile.next.map { "\($0.action) at \($0.at.both(now: now))" }
            ?? (isUnderWay ? "after this exchange" : "nothing by itself")
        text += style.lines(next, label: "  next", indent: column)
        return text + profile.problems.map { style.problem($0, indent: column, now: now) }.joined()
    }

    private static func tag(_ tag: StatusDocument.Tag, _ now: Timestamp) -> String {
        let end = tag.validUntil.map { "\nuntil \($0.both(now: now))" } ?? ""
        return "\(tag.value)\nsince \(tag.since.both(now: now))\(end)"
    }

    private static func identity(_ identity: StatusDocument.Identity, _ style: Style, _ now: Timestamp) -> String {
        style.lines(
            "\(identity.subject)\ngeneration \(identity.generation), \(identity.key)", label: "  certificate",
            indent: column)
            + style.lines(identity.issuer, label: "  issued by", indent: column)
            + style.lines(identity.notBefore.both(now: now), label: "  valid from", indent: column)
            + style.lines(identity.notAfter.both(now: now), label: "  valid until", indent: column)
            + style.lines(identity.serial, label: "  serial", indent: column)
            + style.lines(identity.sha256, label: "  sha256", indent: column)
    }
}
