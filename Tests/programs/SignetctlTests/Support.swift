import ControlProtocol
import FoundationEssentials
import LocalSocket
import Synchronization
import TestFiles
import Varlink

@testable import signetctl

/// What a command did.
struct Outcome {
    let status: ExitStatus
    let output: String
    let errors: String
}

/// Runs the command line as the shell would, with its output kept. Standard output is no terminal.
///
/// - Parameter pause: stands for waiting. A command that would wait ends unless told otherwise.
func signetctl(
    _ arguments: String..., pause: @escaping @Sendable (Duration) async throws -> Void = { _ in throw Interrupted() }
) async -> Outcome {
    let texts = Texts()
    let console = Console(
        isTerminal: false, hasColours: false, width: 80, now: { Samples.noon.date }, pause: pause,
        write: { texts.add($0, "") }, writeError: { texts.add("", $0) })
    let status = await Console.$current.withValue(console) { await Signetctl.run(arguments) }
    return texts.taken.withLock { Outcome(status: status, output: $0.output, errors: $0.errors) }
}

/// The user stops the command.
struct Interrupted: Error {}

private final class Texts: Sendable {
    let taken = Mutex((output: "", errors: ""))

    func add(_ output: String, _ errors: String) {
        taken.withLock {
            $0.output += output
            $0.errors += errors
        }
    }
}

/// Runs `body` with a root folder in which an agent of the test's making answers on both sockets.
func withAgent(
    _ handler: @escaping LocalServer.Handler, _ body: (_ root: String) async throws -> Void
) async throws {
    try await withScratchFolder { root in
        let sockets = root + "/run/signet"
        try FileManager.default.createDirectory(atPath: sockets, withIntermediateDirectories: true)
        let control = try LocalServer(
            LocalListener(path: sockets + "/control", mode: 0o600), limits: .control,
            handler: { call, connection in
                guard (try? AgentRequest(call).needsAdmin) == false else {
                    try? connection.reply(.permissionDenied)
                    return
                }
                await handler(call, connection)
            })
        let admin = try LocalServer(
            LocalListener(path: sockets + "/admin", mode: 0o600), limits: .admin, handler: handler)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(root))
        } catch {
            result = .failure(error)
        }
        await control.stop(within: .zero)
        await admin.stop(within: .zero)
        try result.get()
    }
}

/// A device with one healthy profile, and one that is in trouble.
enum Samples {
    static let noon = Timestamp(seconds: 1_795_348_800)  // 2026-11-22T12:00:00Z

    static func later(_ seconds: Int64) -> Timestamp { Timestamp(seconds: noon.seconds + seconds) }

    static let problem = StatusDocument.Problem(
        code: "server-unreachable", severity: .error, since: later(-7200),
        text: "the SCEP server does not answer: https://pki.example.com/scep: connection\u{1B}[31m refused",
        remedy: "check scep.url, name resolution, proxy and firewall; it is tried again by itself")

    static func probe(_ url: String, usable: Bool = true) -> ProbeReply {
        ProbeReply(
            url: url, capabilities: ["aes", "sha-256"],
            certificates: [
                ProbeReply.OfferedCertificate(
                    role: "authority", subject: "CN=Issuing CA,O=Example", issuer: "CN=Root", sha256: "4f0a",
                    key: "RSA 2048", notBefore: noon, notAfter: later(60), takesRequests: true, signsReplies: true)
            ],
            findings: [ProbeReply.Finding(code: "no-post", text: "it lists no POST", remedy: "see to it")],
            authenticated: false, usable: usable, profile: "[scep]\nurl = \"\(url)\"\n")
    }

    static let tag = StatusDocument.Tag(
        value: "valid-client-certificate", since: later(-86400), validUntil: later(86400 * 30),
        checks: [
            .init(id: "key.match", result: .pass, hard: true, text: "the key belongs to the certificate"),
            .init(
                id: "chain.complete", result: .warn, hard: false,
                text: "the intermediate certificate is missing from what is published to other programs",
                remedy: "name it in install.chain"),
        ])

    static let status = StatusDocument(
        writtenAt: later(-5), nextTick: later(3000), agent: .init(version: "0.1.0", openssl: "3.5.1"),
        device: .init(id: "8c2f", hostname: "laptop-7", serialNumber: "PF3XYZ"),
        outbox: .init(waiting: 2, oldest: later(-600)),
        problems: [
            .init(
                code: "profile-invalid", severity: .warning, since: later(-60),
                text: "a profile is invalid: broken.toml:2:7: url: expected text\nbroken.toml:3:1: unknown key",
                remedy: "correct the file")
        ],
        profiles: [
            .init(
                name: "access", state: .active,
                identity: .init(
                    generation: 3, subject: "CN=PF3XYZ,O=Example", issuer: "CN=Issuing CA,O=Example",
                    serial: "0a1b2c", sha256: String(repeating: "ab", count: 32), notBefore: later(-86400 * 60),
                    notAfter: later(86400 * 30), key: "rsa-2048"),
                published: 3, next: .init(action: "renew", at: later(86400 * 21)), tag: tag),
            .init(
                name: "wifi", state: .requesting,
                transaction: .init(id: nil, kind: "enroll", step: "preparing", attempt: 2),
                tag: .init(value: "none", since: later(-7200)), problems: [problem]),
        ])
}

/// Returns when the task is cancelled, and not before.
func untilCancelled() async {
    for await _ in AsyncStream<Never>.makeStream().stream {}
}
