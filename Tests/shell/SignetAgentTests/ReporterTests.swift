import ControlProtocol
import FoundationEssentials
import Profiles
import Reports
import SCEP
import Secrets
import TestPKI
import Testing
import Varlink

@testable import SignetAgent

@Suite("The reporter", .timeLimit(.minutes(1)))
struct ReporterTests {
    private let world = World(profiles: [])
    private let endpoint = Endpoint()

    private var ports: AgentPorts {
        var ports = world.ports
        ports.reports = endpoint.ports
        return ports
    }

    private let route = Reporter.Route(settings: .sample)

    /// What is so: one profile, its tag and its generation.
    private func now(_ tag: String, generation: Int? = nil, problems: [String] = []) -> Observation {
        .sample(tag, generation: generation, problems: problems)
    }

    /// Tells the reporter what is so, and returns when it has sent what it could.
    private func observe(_ observation: Observation, _ reporter: Reporter) async {
        _ = await reporter.observe(observation, route: route)
        await reporter.settled()
    }

    @Test func `tells each change once, in order`() async {
        let reporter = Reporter(ports)
        await observe(now("none"), reporter)
        await observe(now("none"), reporter)
        await observe(now("valid-client-certificate", generation: 1), reporter)
        #expect(
            endpoint.kinds() == [
                "tag.changed.v1 office", "heartbeat.v1", "identity.issued.v1 office", "tag.changed.v1 office",
            ])
        #expect(await reporter.summary.outbox == .init(waiting: 0))
        #expect(await !reporter.isNeeded())
        #expect(world.files.paths == ["reports.json"])
        await reporter.stop()
    }

    @Test func `an endpoint that is away gets all of it later, complete, in order and once`() async throws {
        endpoint.answer(then: Endpoint.down)
        let first = Reporter(ports)
        await observe(now("none"), first)
        await observe(now("none", problems: ["server-unreachable"]), first)
        let down = await first.summary
        #expect(down.outbox.waiting == 3)
        #expect(down.outbox.oldest == Timestamp(world.ports.now()))
        #expect(down.problems.map(\.code) == ["endpoint-unreachable"])
        #expect(endpoint.asked == 1, "nothing is tried before the retry is due")
        #expect(await first.isNeeded(), "for a retry that is near")
        for _ in 0..<4 {
            world.advance(5000)
            await observe(now("none", problems: ["server-unreachable"]), first)
        }
        #expect(await !first.isNeeded(), "but not for one that is hours away")
        await first.stop()
        // Another process, and the endpoint is back.
        endpoint.answer(then: Endpoint.status(200))
        let second = Reporter(ports)
        await observe(now("valid-client-certificate", generation: 1), second)
        #expect(endpoint.kinds() == [])
        world.advance(5000)
        await observe(now("valid-client-certificate", generation: 1), second)
        #expect(
            endpoint.kinds(heartbeats: false) == [
                "tag.changed.v1 office", "problem.raised.v1 office", "identity.issued.v1 office",
                "tag.changed.v1 office", "problem.cleared.v1 office",
            ])
        #expect(await second.summary == Reporter.Summary(outbox: .init(waiting: 0), problems: []))
        let sequences = endpoint.accepted.compactMap { $0["sequence"]?.text }
        #expect(sequences == (1...7).map { Report.text($0) })
        await second.stop()
    }

    @Test func `the clock brings the retry while the process is there`() async throws {
        endpoint.answer(Endpoint.status(503, retryAfter: 90), then: Endpoint.status(200))
        let reporter = Reporter(ports)
        let (changes, continuation) = AsyncStream.makeStream(of: Void.self)
        await reporter.onChange { continuation.yield() }
        await observe(now("none"), reporter)
        #expect(await reporter.summary.problems.map(\.code) == ["endpoint-failing"])
        world.advance(120)
        for await _ in changes where await reporter.summary.outbox.waiting == 0 { break }
        #expect(endpoint.kinds() == ["tag.changed.v1 office", "heartbeat.v1"])
        await reporter.stop()
    }

    @Test func `one bad report is dropped with a problem, and the others arrive`() async throws {
        endpoint.answer(Endpoint.status(400), then: Endpoint.status(200))
        let reporter = Reporter(ports)
        await observe(now("none", generation: 1), reporter)
        #expect(endpoint.kinds() == ["tag.changed.v1 office", "heartbeat.v1"])
        let summary = await reporter.summary
        #expect(summary.outbox == .init(waiting: 0, dropped: 1))
        #expect(summary.problems.map(\.code) == ["report-refused"])
        #expect(summary.problems.first?.text.contains("identity/office/: HTTP status 400") == true)
        await reporter.stop()
    }

    @Test func `an endpoint that refuses everything is asked once for each, and who ordered it is told`() async throws {
        endpoint.answer(then: Endpoint.status(400))
        let reporter = Reporter(ports)
        for _ in 0..<5 { await observe(now("none", generation: 1), reporter) }
        #expect(endpoint.asked == 3)
        let reply = try await reporter.sendNow()
        #expect((reply.sent, reply.waiting) == (0, 0))
        #expect(reply.problem?.code == "report-refused")
        #expect(endpoint.asked == 4)
        endpoint.answer(then: Endpoint.status(200))
        #expect(try await reporter.sendNow().problem == nil)
        await reporter.stop()
    }

    @Test func `what comes up while an order is answered is on its way, and does not count as waiting`() async throws {
        var ports = ports
        let transport = ports.reports.transport
        ports.reports.transport = { Unhurried(transport: try transport($0)) }
        let reporter = Reporter(ports)
        await observe(now("none"), reporter)
        endpoint.answer(Endpoint.status(503), then: Endpoint.status(200))
        await observe(now("none", problems: ["server-unreachable"]), reporter)
        #expect(await reporter.summary.outbox.waiting > 0)
        // The status is written because of what was sent; by then a certificate is there.
        let issued = now("valid-client-certificate", generation: 1)
        await reporter.onChange { [route] in _ = await reporter.observe(issued, route: route) }
        let reply = try await reporter.sendNow()
        #expect((reply.waiting, reply.problem?.code) == (0, nil))
        #expect(endpoint.kinds().contains("identity.issued.v1 office"))
        await reporter.stop()
    }

    @Test func `an endpoint that does not know the device keeps everything waiting`() async throws {
        endpoint.answer(then: Endpoint.status(401))
        let reporter = Reporter(ports)
        await observe(now("none"), reporter)
        #expect(await reporter.summary.problems.map(\.code) == ["endpoint-refuses-device"])
        let reply = try await reporter.sendNow()
        #expect(reply.sent == 0 && reply.waiting == 3)
        #expect(reply.problem?.code == "endpoint-refuses-device")
        endpoint.answer(then: Endpoint.status(200))
        #expect(try await reporter.sendNow() == SendReportReply(sent: 4, waiting: 0))
        await reporter.stop()
    }

    @Test func `a full disk is a problem, and what is so then is reported when there is space`() async {
        let reporter = Reporter(ports)
        await observe(now("none"), reporter)
        world.files.isFull = true
        await observe(now("expired", generation: 1), reporter)
        #expect(await reporter.summary.problems.map(\.code) == ["reports-not-kept"])
        world.files.isFull = false
        await observe(now("valid-client-certificate", generation: 1), reporter)
        #expect(await reporter.summary.problems.isEmpty)
        #expect(endpoint.kinds().suffix(2) == ["identity.issued.v1 office", "tag.changed.v1 office"])
        await reporter.stop()
    }

    @Test func `what it kept cannot be read: nothing is written over, and nothing sent`() async throws {
        try world.files.write(Array("{".utf8), to: "reports.json", mode: 0o600)
        let reporter = Reporter(ports)
        await observe(now("none"), reporter)
        #expect(await reporter.summary.problems.map(\.code) == ["reports-not-kept"])
        #expect(endpoint.asked == 0)
        #expect(try world.files.read("reports.json", limit: 10) == Array("{".utf8))
    }

    @Test func `without an endpoint nothing is kept, and the counter goes on`() async throws {
        endpoint.answer(then: Endpoint.down)
        let reporter = Reporter(ports)
        await observe(now("none"), reporter)
        #expect(world.files.paths.count == 3)
        #expect(await reporter.observe(now("none"), route: nil))
        #expect(world.files.paths == ["reports.json"])
        #expect(await reporter.summary == Reporter.Summary(outbox: .init(waiting: 0), problems: []))
        await #expect(throws: AgentError.self) { try await reporter.sendNow() }
        endpoint.answer(then: Endpoint.status(200))
        await observe(now("none"), reporter)
        #expect(endpoint.accepted.first?["sequence"]?.text == Report.text(3))
        let never = World(profiles: [])
        _ = await Reporter(never.ports).observe(now("none"), route: nil)
        #expect(never.files.paths.isEmpty)
        await reporter.stop()
    }

    @Test func `an endpoint that dawdles does not keep the process`() async {
        for generation in 1...20 {
            endpoint.answer(then: Endpoint.down)
            let reporter = Reporter(ports)
            await observe(now("none", generation: generation), reporter)
            await reporter.stop()
        }
        endpoint.answer(then: Endpoint.status(200))
        endpoint.before { [world] in world.advance(50) }
        let reporter = Reporter(ports)
        world.advance(10_000)
        await observe(now("none", generation: 20), reporter)
        #expect(endpoint.accepted.count == 3)
        #expect(await reporter.summary.problems.map(\.code) == ["endpoint-failing"])
        #expect(await reporter.summary.outbox.waiting > 10)
        await reporter.stop()
    }

    @Test func `a token that is missing is named, and nothing is sent`() async {
        let reporter = Reporter(ports)
        var route = route
        route.settings.token = "other"
        _ = await reporter.observe(now("none"), route: route)
        await reporter.settled()
        let problems = await reporter.summary.problems
        #expect(problems.map(\.code) == ["endpoint-credential-unavailable"])
        #expect(problems.first?.text.contains("'other'") == true)
        #expect(endpoint.asked == 0)
        await reporter.stop()
    }

    @Test func `with neither token nor identity reports wait for the first certificate`() async throws {
        let reporter = Reporter(ports)
        var route = Reporter.Route(settings: .sample, identity: ProfileName("office"))
        route.settings.token = nil
        for _ in 0..<3 {
            _ = await reporter.observe(now("none"), route: route)
            await reporter.settled()
        }
        #expect(
            await reporter.summary
                == .init(outbox: .init(waiting: 2, oldest: Timestamp(world.ports.now())), problems: []))
        #expect(await !reporter.isNeeded())
        try issue(until: world.ports.now().addingTimeInterval(1000))
        _ = await reporter.observe(now("none", generation: 1), route: route)
        await reporter.settled()
        #expect(endpoint.kinds().count == 3)
        let access = try #require(endpoint.accesses.last)
        #expect(access.token == nil && access.key?.count == TestKey.device.pem.count)
        #expect(String(decoding: access.certificates, as: UTF8.self).hasPrefix("-----BEGIN CERTIFICATE-----"))
        route.isAmbiguous = true
        route.identity = nil
        _ = await reporter.observe(now("expired", generation: 1), route: route)
        await reporter.settled()
        #expect(await reporter.summary.problems.map(\.code) == ["endpoint-credential-unavailable"])
        await reporter.stop()
    }

    @Test func `an expired certificate is not shown where a token can tell that it has expired`() async throws {
        let reporter = Reporter(ports)
        let route = Reporter.Route(settings: .sample, identity: ProfileName("office"))
        try issue(until: world.ports.now().addingTimeInterval(1000))
        _ = await reporter.observe(now("valid-client-certificate", generation: 1), route: route)
        await reporter.settled()
        #expect(endpoint.accesses.last?.key != nil && endpoint.accesses.last?.token?.count == 4)
        world.advance(2000)
        _ = await reporter.observe(now("expired", generation: 1), route: route)
        await reporter.settled()
        #expect(endpoint.accesses.last?.key == nil && endpoint.accesses.last?.certificates == [])
        #expect(endpoint.kinds().last == "tag.changed.v1 office")
        await reporter.stop()
    }

    @Test func `a new certificate, and other settings, are tried at once`() async throws {
        endpoint.answer(then: Endpoint.down)
        let reporter = Reporter(ports)
        var route = Reporter.Route(settings: .sample, identity: ProfileName("office"))
        _ = await reporter.observe(now("none"), route: route)
        await reporter.settled()
        #expect(endpoint.asked == 1)
        try issue(until: world.ports.now().addingTimeInterval(1000))
        _ = await reporter.observe(now("none", generation: 1), route: route)
        await reporter.settled()
        #expect(endpoint.asked == 2)
        _ = await reporter.observe(now("none", generation: 1), route: route)
        await reporter.settled()
        #expect(endpoint.asked == 2)
        route.settings.endpoint = "https://other.example.com/"
        _ = await reporter.observe(now("none", generation: 1), route: route)
        await reporter.settled()
        #expect(endpoint.asked == 3)
        await reporter.stop()
    }

    @Test func `the farewell of the only profile goes out over its identity`() async throws {
        let reporter = Reporter(ports)
        var route = Reporter.Route(settings: .sample, identity: ProfileName("office"))
        route.settings.token = nil
        try issue(until: world.ports.now().addingTimeInterval(1000))
        _ = await reporter.observe(now("none", generation: 1), route: route)
        await reporter.settled()
        var gone = now("none")
        gone.profiles = []
        gone.configured = []
        route.identity = nil
        _ = await reporter.observe(gone, route: route)
        await reporter.settled()
        #expect(endpoint.kinds().last == "identity.lost.v1 office")
        await reporter.stop()
    }

    /// Puts generation 1 of the profile on the disk.
    private func issue(until end: Date) throws {
        let store = ProfileStore(try #require(ProfileName("office")), files: world.files)
        try store.save(PendingKey(key: TestKey.device.secret, signer: nil))
        let root = try CertificateOrder.authority("CN=root", key: .authority).issue()
        var order = CertificateOrder("CN=device", key: .device, issuer: root)
        order.notAfter = end
        let device = try order.issue()
        _ = try store.commitPending(
            IssuedCertificate(leaf: device.certificate, chain: [], root: root.certificate), at: world.ports.now())
    }
}

extension Observation {
    static func sample(_ tag: String, generation: Int? = nil, problems: [String] = []) -> Observation {
        let time = Timestamp(seconds: 1_800_000_000)
        let identity = generation.map {
            StatusDocument.Identity(
                generation: $0, subject: "CN=d", issuer: "CN=i", serial: "0\($0)", sha256: "digest \($0)",
                notBefore: time, notAfter: time, key: "rsa-2048")
        }
        return Observation(
            agent: .init(version: "1", openssl: "3"), device: .init(id: "d1", hostname: "laptop"),
            profiles: [
                .init(
                    StatusDocument.Profile(
                        name: "office", state: .active, identity: identity, tag: .init(value: tag, since: time),
                        problems: problems.map {
                            .init(code: $0, severity: .error, since: time, text: $0, remedy: "mend it")
                        }), isJudged: true)
            ], configured: ["office"])
    }
}

/// Lets everybody else go first.
private struct Unhurried: Transport {
    let transport: any Transport

    func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        for _ in 0..<100 { await Task.yield() }
        return try await transport.exchange(request)
    }
}
