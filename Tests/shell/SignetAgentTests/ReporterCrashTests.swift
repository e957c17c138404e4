import ControlProtocol
import DurableFiles
import Reports
import TestFiles
import Testing
import Varlink

@testable import SignetAgent

@Suite("A kill at any instruction", .timeLimit(.minutes(5)))
struct ReporterCrashTests {
    private static let story: [Observation] = [
        .sample("none"), .sample("none", problems: ["server-unreachable"]),
        .sample("valid-client-certificate", generation: 1), .sample("expiring", generation: 1),
        .sample("valid-client-certificate", generation: 2),
    ]

    @Test func `loses no report, repeats at most one, and keeps their order`() async throws {
        let whole = RecordingFileSystem()
        let untroubled = try await run(until: nil, whole)
        #expect(changes(untroubled) == changes(try await run(until: nil, RecordingFileSystem())))
        #expect(untroubled.count == 10)
        var repeated = 0
        for index in 0..<whole.calls.count {
            let events = try await run(until: index, RecordingFileSystem(failing: index, staysDown: true))
            repeated += try check(events, "killed at \(index): \(whole.calls[index])")
        }
        // Between acceptance and removal there are instructions, so some must have been sent twice.
        #expect(repeated > 0)
    }

    /// Lives the story up to the call that fails, from where on disk and network are gone; then another process goes on.
    ///
    /// - Returns: what the endpoint accepted.
    private func run(until last: Int?, _ calls: RecordingFileSystem) async throws -> [JSONValue] {
        try await withScratchFolder { folder in
            let (world, endpoint) = (World(profiles: []), Endpoint())
            var ports = world.ports
            ports.reports = endpoint.ports
            ports.files = ScratchFiles(folder, calls)
            let route = Reporter.Route(settings: .sample)
            let killed = Reporter(ports)
            for observation in Self.story {
                if let last, calls.calls.count > last { endpoint.answer(then: Endpoint.down) }
                _ = await killed.observe(observation, route: route)
                await killed.settled()
            }
            await killed.stop()
            endpoint.answer(then: Endpoint.status(200))
            try await goOn(ScratchFiles(folder, RecordingFileSystem()), ports)
            return endpoint.accepted
        }
    }

    /// Another process takes up what lies on the disk.
    private func goOn(_ files: ScratchFiles, _ ports: AgentPorts) async throws {
        var ports = ports
        ports.files = files
        let next = Reporter(ports)
        _ = await next.observe(try #require(Self.story.last), route: Reporter.Route(settings: .sample))
        _ = try await next.sendNow()
        #expect(await next.summary.outbox.waiting == 0)
        #expect(await next.summary.problems.isEmpty)
        await next.stop()
    }

    /// - Parameter waits: the endpoint does not answer before the end of the story.
    @Test(arguments: [false, true])
    func `nor does a power cut, and no id means two things`(waits: Bool) async throws {
        let disk = SimulatedDisk()
        try DurableFiles(calls: disk).makeDirectories("/state")
        let (world, endpoint) = (World(profiles: []), Endpoint())
        var ports = world.ports
        ports.reports = endpoint.ports { disk.mark(endpoint.accepted.count) }
        ports.files = ScratchFiles("/state", disk)
        if waits { endpoint.answer(then: Endpoint.down) }
        let reporter = Reporter(ports)
        for observation in Self.story {
            _ = await reporter.observe(observation, route: Reporter.Route(settings: .sample))
            await reporter.settled()
        }
        endpoint.answer(then: Endpoint.status(200))
        _ = try await reporter.sendNow()
        await reporter.stop()
        let (cuts, prefixes, cases) = PowerCut.all(after: disk.operations, on: disk.base)
        #expect(prefixes > disk.operations.count && cases > 2 * prefixes && cuts.count > prefixes / 3)
        print("counted: \(prefixes) prefixes, \(cases) power cuts, \(cuts.count) different disks")
        for cut in cuts {
            let when = "after operation \(cut.prefix), \(cut.fate)"
            let again = Endpoint()
            ports.reports = again.ports
            try await goOn(ScratchFiles("/state", SimulatedDisk(cut.image)), ports)
            let events = Array(endpoint.accepted.prefix(cut.mark ?? 0)) + again.accepted
            _ = try check(events, when)
            let byID = Dictionary(grouping: events) { $0["id"]?.text }
            #expect(byID.values.allSatisfy { same in same.allSatisfy { $0 == same[0] } }, "\(when)")
        }
    }

    /// - Returns: how many reports came twice.
    private func check(_ events: [JSONValue], _ when: String) throws -> Int {
        let ids = events.compactMap { $0["id"]?.text }
        let distinct = ids.enumerated().filter { $0.offset == 0 || ids[$0.offset - 1] != $0.element }.map(\.element)
        #expect(distinct == Set(distinct).sorted(), "in order, \(when)")
        #expect(ids.count - distinct.count <= 1, "at most one twice, \(when)")
        // What the endpoint believes at the end is what is so, and nothing was told as new that it knew.
        var tag: String?
        var generation: JSONValue?
        var problems: Set<String> = []
        var seen: Set<String> = []
        for event in events where seen.insert(event["id"]?.text ?? "").inserted {
            let data = event["data"]
            switch event["type"]?.text {
            case "io.signet.tag.changed.v1":
                #expect(data?["value"]?.text != tag, "\(when)")
                #expect(data?["previous"]?.text == tag, "\(when)")
                tag = data?["value"]?.text
            case "io.signet.identity.issued.v1":
                #expect(data?["generation"] != generation, "\(when)")
                generation = data?["generation"]
            case "io.signet.problem.raised.v1":
                let isNew = problems.insert(data?["code"]?.text ?? "").inserted
                #expect(isNew, "\(when)")
            case "io.signet.problem.cleared.v1":
                let wasThere = problems.remove(data?["code"]?.text ?? "") != nil
                #expect(wasThere, "\(when)")
            default: break
            }
        }
        #expect(tag == "valid-client-certificate" && generation == .integer(2) && problems.isEmpty, "\(when)")
        return ids.count - distinct.count
    }

    private func changes(_ events: [JSONValue]) -> [String?] { events.map { $0["type"]?.text } }
}
