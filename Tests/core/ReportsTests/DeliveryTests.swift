import ControlProtocol
import FoundationEssentials
import Reports
import Testing
import Varlink

@Suite("Delivery")
struct DeliveryTests {
    @Test(arguments: [200, 201, 202, 204, 299])
    func `accepted is every 2xx`(status: Int) {
        #expect(DeliveryVerdict(.status(status, retryAfter: nil)) == .accepted)
    }

    @Test(arguments: [400, 409, 413, 415, 422, 499])
    func `a report that a 4xx refuses is dropped`(status: Int) {
        #expect(DeliveryVerdict(.status(status, retryAfter: 5)) == .dropped(detail: "HTTP status \(status)"))
    }

    @Test(arguments: [
        (401, DeliveryTrouble.Kind.refusesDevice), (403, .refusesDevice), (404, .failing),
        (405, .failing), (407, .failing), (408, .failing), (410, .failing), (421, .failing), (429, .failing),
        (500, .failing), (503, .failing), (301, .failing), (307, .failing), (100, .failing), (999, .failing),
    ])
    func `any other status keeps it`(status: Int, kind: DeliveryTrouble.Kind) {
        #expect(
            DeliveryVerdict(.status(status, retryAfter: 7))
                == .kept(kind, detail: "HTTP status \(status)", retryAfter: 7))
    }

    @Test func `while the endpoint is away, retries grow from a minute to an hour, and nothing is lost`() throws {
        var device = Device()
        device.fraction = 0
        device.office(generation: 1)
        _ = try device.record()
        var waits: [Int64] = []
        for _ in 0..<9 {
            try device.send { _ in .none(detail: "not-connected") }
            let retry = try #require(device.state.retry)
            waits.append(retry.at.seconds - device.now.seconds)
            #expect(!device.state.maySend(now: device.now))
            device.now = retry.at
        }
        #expect(waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
        let troubles = device.state.troubles(now: device.now)
        #expect(troubles.map(\.kind) == [.unreachable])
        #expect(troubles.map(\.since.seconds) == [Device.start])
        try device.send { _ in .status(202, retryAfter: nil) }
        #expect(device.accepted == ["1 identity/office/", "2 tag/office/", "3 heartbeat"])
        #expect(device.state.troubles(now: device.now).isEmpty && device.state.retry == nil)
    }

    @Test(arguments: [(nil, 60), (0, 60), (30, 60), (600, 600), (9_999_999, 86_400)] as [(Int?, Int64)])
    func `an endpoint may ask to wait, for a minute to a day`(retryAfter: Int?, wait: Int64) throws {
        var device = Device()
        device.fraction = 0
        _ = try device.record()
        try device.send { _ in .status(503, retryAfter: retryAfter) }
        #expect(try #require(device.state.retry).at.seconds - device.now.seconds == wait)
    }

    @Test func `waits differ over the fleet, and a clock that was wrong makes none of years`() throws {
        var device = Device()
        device.fraction = 0.5
        device.wait(3650 * Device.day)
        _ = try device.record()
        try device.send { _ in .status(500, retryAfter: nil) }
        #expect(try #require(device.state.retry).at.seconds - device.now.seconds == 66)
        device.wait(-3650 * Device.day)
        #expect(device.state.maySend(now: device.now))
    }

    @Test func `one bad report does not block, is counted, and a heartbeat tells what is so`() throws {
        var device = Device()
        device.office(generation: 1)
        #expect(try device.record().count == 3)
        try device.send { .status($0.sequence == 2 ? 400 : 200, retryAfter: nil) }
        #expect(device.accepted == ["1 identity/office/", "3 heartbeat"])
        #expect(device.state.dropped == 1)
        #expect(device.state.troubles(now: device.now).map(\.kind) == [.refusedReport])
        device.office(tag: "expired", generation: 1)
        #expect(try device.record() == ["4 tag.changed.v1 office"])
        try device.send { .status($0.sequence == 4 ? 422 : 200, retryAfter: nil) }
        device.office(tag: "revoked", generation: 1)
        _ = try device.record()
        try device.send { _ in .status(200, retryAfter: nil) }
        #expect(device.accepted.suffix(2).contains { $0.hasSuffix("heartbeat") })
        #expect(try device.event(try #require(device.json.keys.max()))["data"]?["dropped"] == .integer(2))
        device.wait(Device.day)
        #expect(device.state.troubles(now: device.now).isEmpty)
    }

    @Test func `an endpoint that takes no heartbeat is not sent one after the other`() throws {
        var device = Device()
        device.office(generation: 1)
        _ = try device.record()
        try device.send { .status($0.isHeartbeat ? 413 : 200, retryAfter: nil) }
        device.office(tag: "expired", generation: 1)
        _ = try device.record()
        try device.send { .status($0.isHeartbeat ? 413 : 200, retryAfter: nil) }
        #expect(device.outbox.waiting == 0)
        #expect(device.json.count == 4)
    }

    @Test func `an endpoint that refuses everything is sent each report once, and a heartbeat for what was dropped`()
        throws
    {
        var device = Device()
        device.office(generation: 1)
        for _ in 0..<10 {
            _ = try device.record()
            try device.send { _ in .status(400, retryAfter: nil) }
        }
        #expect(device.json.count == 3)
        device.office(tag: "expired", generation: 1)
        for _ in 0..<10 {
            _ = try device.record()
            try device.send { _ in .status(400, retryAfter: nil) }
        }
        #expect(device.json.count == 5)
        #expect(device.accepted.isEmpty)
        #expect(device.state.dropped == 5)
    }

    @Test func `state survives being written down`() throws {
        var device = Device()
        device.office(generation: 1, problems: ["weak-server"])
        _ = try device.record()
        try device.send { .status($0.sequence == 1 ? 400 : 503, retryAfter: 90) }
        let bytes = try JSONEncoder().encode(device.state)
        #expect(try JSONDecoder().decode(ReportState.self, from: bytes) == device.state)
    }
}

@Suite("A full outbox")
struct FullOutboxTests {
    @Test func `keeps the last word on everything, in order, and counts what went`() throws {
        var device = Device()
        device.office(generation: 1, problems: ["weak-server"])
        _ = try device.record()
        let lasting = device.outbox.entries.filter { $0.topic.hasPrefix("identity") || $0.topic.hasPrefix("problem") }
        for round in 0..<1000 {
            device.wait(60)
            device.office(tag: round % 2 == 0 ? "expired" : "revoked", generation: 1, problems: ["weak-server"])
            _ = try device.record()
        }
        let sequences = device.outbox.entries.map(\.sequence)
        #expect(sequences.count == Outbox.countLimit)
        #expect(sequences == sequences.sorted())
        #expect(lasting.allSatisfy { device.outbox.entries.contains($0) })
        #expect(device.outbox.entries.last?.topic == "tag/office/")
        #expect(device.state.dropped == device.json.count - Outbox.countLimit)
        // The endpoint is back: it gets all of that, and a heartbeat that tells what is so.
        try device.send { _ in .status(200, retryAfter: nil) }
        #expect(device.accepted.count >= Outbox.countLimit)
        #expect(device.outbox.waiting == 0)
    }

    @Test func `without a heartbeat left in it, one is owed once the endpoint takes reports again`() throws {
        var device = Device()
        device.office()
        _ = try device.record()
        for code in 0..<400 {
            device.office(problems: ["code-\(code)"])
            _ = try device.record()
        }
        #expect(!device.outbox.hasHeartbeat || device.state.dropped > 0)
        try device.send { _ in .status(200, retryAfter: nil) }
        #expect(device.accepted.contains { $0.hasSuffix("heartbeat") })
        #expect(device.outbox.waiting == 0)
    }

    @Test func `has a limit of bytes, too`() throws {
        var outbox = Outbox()
        var gone: [Int64] = []
        var device = Device()
        _ = try device.record()
        var entry = try #require(device.outbox.first)
        for sequence in 1...20 as ClosedRange<Int64> {
            entry.sequence = sequence
            entry.byteCount = 100_000
            gone += outbox.add(entry)
        }
        #expect(outbox.entries.map(\.sequence) == Array(11...20))
        #expect(gone == Array(1...10))
        entry.byteCount = 5_000_000
        entry.sequence = 21
        _ = outbox.add(entry)
        #expect(outbox.entries.map(\.sequence) == [21], "the newest stays, whatever its size")
    }
}
