import ControlProtocol

/// A document in which every field stands, so that tests of its shape see all of them.
enum Samples {
    static let noon = Timestamp(seconds: 1_795_348_800)  // 2026-11-22T12:00:00Z

    static func later(_ seconds: Int64) -> Timestamp { Timestamp(seconds: noon.seconds + seconds) }

    static let problem = StatusDocument.Problem(
        code: "server-unreachable", severity: .warning, since: later(-7200),
        text: "https://pki.example.com/scep does not answer.",
        remedy: "Check the network and the profile's scep.url.")

    static let full = StatusDocument(
        writtenAt: noon, nextTick: later(3000), agent: .init(version: "0.1.0", openssl: "3.5.1"),
        device: .init(id: "8c2f", hostname: "laptop-7", serialNumber: "PF3XYZ"),
        outbox: .init(waiting: 2, oldest: later(-600), dropped: 1),
        problems: [
            .init(
                code: "clock-not-synchronised", severity: .warning, since: later(-60),
                text: "The clock is not synchronised.",
                remedy: "Enable systemd-timesyncd.")
        ],
        profiles: [
            .init(
                name: "conditional-access", state: .renewing,
                identity: .init(
                    generation: 3, subject: "CN=PF3XYZ,O=Example", issuer: "CN=Issuing CA,O=Example",
                    serial: "0a1b2c", sha256: String(repeating: "ab", count: 32), notBefore: later(-86400 * 60),
                    notAfter: later(86400 * 30), key: "rsa-2048"),
                nextIdentity: .init(
                    generation: 4, subject: "CN=PF3XYZ,O=Example", issuer: "CN=Next CA,O=Example", serial: "0d",
                    sha256: String(repeating: "cd", count: 32), notBefore: later(86400), notAfter: later(86400 * 90),
                    key: "rsa-2048"),
                published: 3, transaction: .init(id: "7f3a", kind: "renew", step: "sent", attempt: 2),
                next: .init(action: "retry", at: later(900)),
                tag: .init(
                    value: "valid-client-certificate", since: later(-86400), validUntil: later(86400 * 30),
                    checks: [
                        .init(id: "key.match", result: .pass, hard: true, text: "The key belongs to the certificate."),
                        .init(
                            id: "chain.complete", result: .warn, hard: false, text: "The intermediate is missing.",
                            remedy: "Name it in install.chain."),
                    ]),
                problems: [problem])
        ])
}
