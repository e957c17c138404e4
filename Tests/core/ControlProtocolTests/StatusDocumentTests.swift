import ControlProtocol
import FoundationEssentials
import Testing
import Varlink

struct StatusDocumentTests {
    @Test func `A document reads back as it was written`() throws {
        #expect(try StatusDocument(json: Samples.full.json()) == Samples.full)
    }

    @Test func `What is not the case is absent`() throws {
        let bare = StatusDocument(
            writtenAt: Samples.noon, agent: .init(version: "1", openssl: "3"), device: .init(id: "a", hostname: "b"),
            outbox: .init(waiting: 0),
            profiles: [.init(name: "p", state: .none, tag: .init(value: "none", since: Samples.noon))])
        let text = String(decoding: try bare.json(), as: UTF8.self)
        #expect(!text.contains("null"))
        #expect(
            try JSONDecoder().decode(JSONValue.self, from: bare.json())
                == JSONValue.object([
                    "schema_version": .integer(1), "written_at": "2026-11-22T12:00:00Z",
                    "agent": ["version": "1", "openssl": "3"], "device": ["id": "a", "hostname": "b"],
                    "outbox": ["waiting": .integer(0)], "problems": .array([]),
                    "profiles": .array([
                        [
                            "name": "p", "state": "none", "problems": .array([]),
                            "tag": ["value": "none", "since": "2026-11-22T12:00:00Z", "checks": .array([])],
                        ]
                    ]),
                ]))
        #expect(try StatusDocument(json: bare.json()) == bare)
    }

    @Test func `Members of a later version are ignored`() throws {
        var text = String(decoding: try Samples.full.json(), as: UTF8.self)
        text.replace("\"outbox\" :", with: "\"later\" : [1], \"outbox\" :")
        #expect(text.contains("later"))
        #expect(try StatusDocument(json: Data(text.utf8)) == Samples.full)
    }

    @Test func `Times are whole seconds in UTC`() throws {
        #expect(Timestamp(Date(timeIntervalSince1970: 1_795_348_800.9)).description == "2026-11-22T12:00:00Z")
        #expect(Timestamp(Date(timeIntervalSince1970: -0.5)).description == "1969-12-31T23:59:59Z")
        #expect(Timestamp("2026-11-22T12:00:00Z") == Samples.noon)
        #expect(Timestamp(Date(timeIntervalSince1970: .infinity)).description == "9999-12-31T23:59:59Z")
        #expect(Timestamp(Date(timeIntervalSince1970: -.infinity)).description == "1900-01-01T00:00:00Z")
        #expect(Timestamp(Date(timeIntervalSince1970: .nan)).seconds == 0)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T12:00:00", "2026-11-22T12:00:00+01:00", "2026-11-22T12:00:00.5Z",
        "2026-13-22T12:00:00Z", "2026-11-22 12:00:00Z", "2026-11-22T12:00:00Z ", "now",
    ])
    func `Another way to write a time is refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
