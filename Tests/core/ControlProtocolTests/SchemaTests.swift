import ControlProtocol
import FoundationEssentials
import Testing
import Varlink

/// Whether packaging/status.schema.json says what the code writes: members, required ones, and closed sets of values.
struct SchemaTests {
    private let schema: JSONValue

    init() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let url = URL(filePath: "/\(root)/packaging/status.schema.json")
        schema = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
    }

    /// The schema that `reference` (`#/$defs/NAME`) in `node` points to, or the node itself.
    private func resolved(_ node: JSONValue) throws -> JSONValue {
        guard let reference = node["$ref"]?.text else { return node }
        let name = try #require(reference.split(separator: "/").last)
        return try #require(schema["$defs"]?[String(name)])
    }

    /// Walks a value and its schema together.
    private func compare(_ value: JSONValue, _ node: JSONValue, at path: String) throws {
        let node = try resolved(node)
        switch value {
        case .object(let members):
            #expect(node["additionalProperties"] == .bool(false), "\(path) is closed")
            guard case .object(let properties) = try #require(node["properties"], "\(path)") else { return }
            // The sample has every member, so the schema has none that the code cannot write.
            #expect(Set(members.keys) == Set(properties.keys).subtracting(optionalInSample(path)), "\(path)")
            for (name, member) in members {
                let property = try #require(properties[name], "\(path).\(name)")
                #expect(try property["description"] != nil || resolved(property)["description"] != nil)
                try compare(member, property, at: "\(path).\(name)")
            }
        case .array(let elements):
            let items = try #require(node["items"], "\(path)")
            for element in elements { try compare(element, items, at: "\(path)[]") }
        default:
            if case .array(let values) = node["enum"] { #expect(values.contains(value), "\(path)") }
        }
    }

    /// The first check of the sample passes, so it has no remedy.
    private func optionalInSample(_ path: String) -> Set<String> {
        path.hasSuffix("checks[]") ? ["remedy"] : []
    }

    @Test func `Every member of a full document stands in the schema, and the other way round`() throws {
        var status = Samples.full
        status.profiles[0].tag.checks.removeLast()
        try compare(try JSONDecoder().decode(JSONValue.self, from: status.json()), schema, at: "status")
    }

    @Test func `Closed sets of values are the code's own`() throws {
        func values(_ definition: String, _ property: String) throws -> JSONValue? {
            schema["$defs"]?[definition]?["properties"]?[property]?["enum"]
        }
        func list(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }
        #expect(try values("problem", "severity") == list(StatusDocument.Problem.Severity.allCases.map(\.rawValue)))
        #expect(try values("profile", "state") == list(StatusDocument.Profile.State.allCases.map(\.rawValue)))
        #expect(try values("check", "result") == list(StatusDocument.Check.Result.allCases.map(\.rawValue)))
        #expect(try values("tag", "value") == list(StatusDocument.Tag.values))
    }

    @Test func `A document without its optional members has all that are required`() throws {
        let bare = StatusDocument(
            writtenAt: Samples.noon, agent: .init(version: "1", openssl: "3"), device: .init(id: "a", hostname: "b"),
            outbox: .init(waiting: 0))
        guard case .object(let members) = try JSONDecoder().decode(JSONValue.self, from: bare.json()),
            case .array(let required) = schema["required"]
        else {
            Issue.record("not objects")
            return
        }
        #expect(Set(required.compactMap(\.text)) == Set(members.keys))
    }
}
