import ControlProtocol
import FoundationEssentials
import Reports
import Testing
import Varlink

/// Whether packaging/events.schema.json says what the code writes: members, and which of them are required.
struct EventSchemaTests {
    private let schema: JSONValue

    init() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let url = URL(filePath: "/\(root)/packaging/events.schema.json")
        schema = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
    }

    private func resolved(_ node: JSONValue) throws -> JSONValue {
        guard let reference = node["$ref"]?.text else { return node }
        let name = try #require(reference.split(separator: "/").last)
        return try resolved(try #require(schema["$defs"]?[String(name)], "\(reference)"))
    }

    private func compare(_ value: JSONValue, _ node: JSONValue, at path: String, full: Bool) throws {
        let node = try resolved(node)
        switch value {
        case .object(let members):
            #expect(node["additionalProperties"] == .bool(false), "\(path) is closed")
            guard case .object(let properties) = try #require(node["properties"], "\(path)"),
                case .array(let required) = try #require(node["required"], "\(path)")
            else { return }
            let expected = full ? Set(properties.keys) : Set(required.compactMap(\.text))
            #expect(Set(members.keys) == expected, "\(path)")
            for (name, member) in members {
                try compare(member, try #require(properties[name]), at: "\(path).\(name)", full: full)
            }
        case .array(let elements):
            let items = try #require(node["items"], "\(path)")
            for element in elements { try compare(element, items, at: "\(path)[]", full: full) }
        default:
            if case .array(let values) = node["enum"] { #expect(values.contains(value), "\(path)") }
        }
    }

    /// Every report of a device's life, by its kind.
    private func events(full: Bool) throws -> [String: JSONValue] {
        var device = Device()
        if full { device.observation.device.serialNumber = "PF3XYZ" }
        func office(_ value: String, generation: Int?, problems: [String] = []) {
            device.office(tag: value, generation: generation, problems: problems)
            let end = full ? device.later(100) : nil
            device.observation.profiles[0].status.tag.validUntil = end
            if !full { device.observation.profiles[0].status.tag.checks = [] }
            if full, generation != nil { device.observation.profiles[0].status.published = 1 }
        }
        var found: [String: JSONValue] = [:]
        func record() throws {
            _ = try device.record(asked: true)
            for sequence in device.json.keys.sorted() {
                let event = try device.event(sequence)
                found[event["type"]?.text ?? ""] = event["data"]
            }
        }
        office("none", generation: 1, problems: ["weak-server"])
        try record()
        if full {
            office("expired", generation: 1, problems: ["weak-server"])
            try record()
        }
        let heartbeat = found["io.signet.heartbeat.v1"]
        office(full ? "expired" : "none", generation: nil)
        try record()
        if full { found["io.signet.heartbeat.v1"] = heartbeat }
        return found
    }

    @Test(arguments: [true, false])
    func `Every member of every event stands in the schema, and the other way round`(full: Bool) throws {
        let found = try events(full: full)
        #expect(found.count == 6)
        for (type, data) in found {
            let name = type.dropFirst("io.signet.".count)
            let definition = try #require(schema["$defs"]?[String(name)], "\(type)")
            #expect(definition["$id"]?.text == "urn:signet:schema:\(name)")
            try compare(data, definition, at: String(name), full: full)
        }
    }
}
