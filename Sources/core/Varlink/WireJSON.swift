import Faults
import FoundationEssentials

/// JSON as it goes over the wire: members sorted, so that the same value is always the same bytes.
enum WireJSON {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(value)
        } catch {
            throw VarlinkFault(.unencodable, attempted: "write a Varlink message", cause: error)
        }
    }

    /// Reads the header of a message, after its limits have been checked.
    static func header<Header: Decodable>(_ type: Header.Type, of body: Data) throws -> Header {
        try body.withUnsafeBytes { try JSONTokens.check($0) }
        do {
            return try JSONDecoder().decode(type, from: body)
        } catch {
            throw VarlinkFault(
                .malformedFrame, attempted: "read a Varlink message", expected: "a JSON object with a known shape",
                cause: error)
        }
    }

    /// Reads the parameters of a message. Absent ones and null count as an empty object (varlink.org, Method Call).
    static func parameters<Parameters: Decodable>(_ type: Parameters.Type, of body: Data) throws -> Parameters {
        if let parameters = try JSONDecoder().decode(Envelope<Parameters>.self, from: body).parameters {
            return parameters
        }
        return try JSONDecoder().decode(type, from: Data("{}".utf8))
    }

    private struct Envelope<Parameters: Decodable>: Decodable {
        let parameters: Parameters?
    }
}

/// Parameters of a method or error that has none.
package struct NoParameters: Codable, Sendable, Equatable {
    package init() {}
}
