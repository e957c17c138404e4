import ControlProtocol
import FoundationEssentials
import Reports
import Testing
import Varlink

@Suite("What is reported")
struct ReportTests {
    @Test func `a device's life, as its endpoint hears it`() throws {
        var device = Device()
        device.office(tag: nil)
        #expect(try device.record() == [], "a tag that was not judged is no news, and no heartbeat")
        device.office(tag: "none")
        #expect(try device.record() == ["1 tag.changed.v1 office", "2 heartbeat.v1"])
        #expect(try device.record() == [])
        device.office(tag: "none", problems: ["server-unreachable"])
        #expect(try device.record() == ["3 problem.raised.v1 office"])
        device.office(tag: nil, generation: 1)
        #expect(try device.record() == ["4 identity.issued.v1 office", "5 problem.cleared.v1 office"])
        device.office(generation: 1)
        #expect(try device.record() == ["6 tag.changed.v1 office"])
        device.office(generation: 2)
        #expect(try device.record() == ["7 identity.issued.v1 office"], "a renewal")
        device.office(tag: "none")
        #expect(try device.record() == ["8 identity.lost.v1 office", "9 tag.changed.v1 office"])
    }

    @Test func `a profile that is gone says farewell, one that is not known now says nothing`() throws {
        var device = Device()
        device.office(generation: 1, problems: ["weak-server"])
        #expect(try device.record().count == 4)
        device.observation.profiles = []
        #expect(try device.record() == [])
        device.observation.configured = []
        #expect(
            try device.record() == [
                "5 identity.lost.v1 office", "6 tag.changed.v1 office", "7 problem.cleared.v1 office",
            ])
        #expect(try device.event(5)["data"]?["reason"]?.text == "profile-removed")
        #expect(try device.record() == [])
    }

    @Test func `a profile that cannot be read has its problem told, and none of what was told before is lost`() throws {
        var device = Device()
        device.office(generation: 1)
        #expect(try device.record().count == 3)
        let known = device.observation.profiles
        device.observation.profiles = []
        device.observation.unread = [
            "office": [.init(code: "profile-invalid", severity: .error, since: device.now, text: "x", remedy: "y")]
        ]
        #expect(try device.record() == ["4 problem.raised.v1 office"])
        device.observation.configured = nil
        device.observation.unread = [:]
        #expect(try device.record() == [], "where it cannot be told who is gone, nobody is")
        device.observation.configured = ["office"]
        device.observation.profiles = known
        #expect(try device.record() == ["5 problem.cleared.v1 office"])
    }

    @Test func `a problem of the device is about no profile, and is raised once however its words change`() throws {
        var device = Device()
        func problem(_ text: String) -> StatusDocument.Problem {
            .init(code: "profile-invalid", severity: .error, since: device.now, text: text, remedy: "mend it")
        }
        device.observation.problems = [problem(String(repeating: "x", count: 5000)), problem("another")]
        #expect(try device.record() == ["1 problem.raised.v1", "2 heartbeat.v1"])
        #expect(try device.event(1)["subject"] == nil)
        #expect(try #require(device.event(1)["data"]?["text"]?.text).count == 2001)
        device.observation.problems = [problem("other words")]
        #expect(try device.record() == [])
        device.observation.problems = []
        #expect(try device.record() == ["3 problem.cleared.v1"])
    }

    @Test func `trouble with reports is told by heartbeats only`() throws {
        var device = Device()
        device.observation.reporting = [
            .init(code: "endpoint-failing", severity: .warning, since: device.now, text: "x", remedy: "y")
        ]
        #expect(try device.record() == ["1 heartbeat.v1"])
        guard case .array(let problems) = try device.event(1)["data"]?["problems"] else {
            Issue.record("no problems")
            return
        }
        #expect(problems.map { $0["code"]?.text } == ["endpoint-failing"])
    }

    @Test func `an event is a CloudEvent in structured mode`() throws {
        var device = Device()
        device.office(tag: "expired", generation: 3)
        _ = try device.record()
        let event = try device.event(2)
        let text = [
            "specversion", "source", "type", "subject", "time", "datacontenttype", "dataschema", "sequence",
        ]
        .map { event[$0]?.text }
        #expect(
            text == [
                "1.0", "urn:signet:device:d1", "io.signet.tag.changed.v1", "office",
                "2026-11-22T12:00:00Z", "application/json", "urn:signet:schema:tag.changed.v1", "0000000000000000002",
            ])
        let id = try #require(event["id"]?.text)
        #expect(id.wholeMatch(of: /0000000000000000002-[0-9a-f]+/) != nil)
        #expect(event["data"]?["value"]?.text == "expired")
        #expect(event["data"]?["previous"] == nil)
        guard case .array(let checks) = event["data"]?["checks"] else {
            Issue.record("no checks")
            return
        }
        #expect(checks.map { $0["id"]?.text } == ["validity"], "what the tag depends on, and is not as it should be")
    }

    @Test func `a counter that a backup brought back gives an id again to nothing but the same event`() throws {
        var device = Device()
        var (same, other) = (device, device)
        device.office(generation: 1)
        same.office(generation: 1)
        other.office(generation: 2)
        _ = (try device.record(), try same.record(), try other.record())
        #expect(device.json.count == 3)
        #expect(device.json == same.json)
        for sequence in device.json.keys {
            let (old, new) = (try device.event(sequence), try other.event(sequence))
            #expect(old["sequence"] == new["sequence"])
            #expect((old["id"] == new["id"]) == (old == new))
        }
        #expect(device.json != other.json)
    }

    @Test func `sequences order as text`() {
        let numbers: [Int64] = [1, 9, 10, 99, 100, 12_345, .max]
        #expect(numbers.map { Report.text($0) }.sorted() == numbers.map { Report.text($0) })
        #expect(Set(numbers.map { Report.text($0).count }) == [19])
    }
}

@Suite("Heartbeats")
struct HeartbeatTests {
    /// The hours after the start at which a device with this place in the fleet writes heartbeats.
    private func hours(fraction: Double) throws -> [Int] {
        var device = Device()
        device.fraction = fraction
        device.office(generation: 1)
        _ = try device.record()
        return try (1...72).filter { _ in
            device.wait(3600)
            return try !device.record().isEmpty
        }
    }

    @Test(arguments: [(0.0, [12, 36, 60]), (0.25, [18, 42, 66]), (0.75, [6, 30, 54]), (0.999, [12, 36, 60])])
    func `fall on the device's own place in each period`(fraction: Double, expected: [Int]) throws {
        #expect(try hours(fraction: fraction) == expected)
    }

    @Test func `a day without power is made up for once`() throws {
        var device = Device()
        _ = try device.record()
        device.wait(3 * Device.day)
        #expect(try device.record() == ["2 heartbeat.v1"])
        #expect(try device.record() == [])
    }

    @Test func `a clock that was set, and another endpoint, bring one`() throws {
        var device = Device()
        _ = try device.record()
        device.wait(-400 * Device.day)
        #expect(try device.record() == ["2 heartbeat.v1"])
        #expect(try device.record(endpoint: "https://b/") == ["3 heartbeat.v1"])
        #expect(try device.record(endpoint: "https://b/") == [])
        #expect(try device.record(asked: true, endpoint: "https://b/") == ["4 heartbeat.v1"])
    }

    @Test func `who reports to nobody any more forgets all but the counter`() throws {
        var device = Device()
        device.office(generation: 1)
        #expect(try device.record().count == 3)
        device.state.forget()
        #expect(
            try device.record() == ["4 identity.issued.v1 office", "5 tag.changed.v1 office", "6 heartbeat.v1"])
    }
}
