import Faults
import FoundationEssentials

/// A reply to a method call: the last one, one of several, or an error (varlink.org, Method Call).
package struct Reply: Sendable {
    /// The error's full name, where the call failed: `org.example.interface.Error`.
    package let error: String?
    /// Another reply to the same call follows.
    package let continues: Bool
    private let body: Data

    /// Reads a reply as it came over the wire.
    ///
    /// - Throws: `VarlinkFault`: `.malformedFrame`, `.nestedTooDeep`.
    package init(_ frame: Frame) throws {
        body = frame.withBytes { Data($0) }
        let header = try WireJSON.header(Header.self, of: body)
        error = header.error
        continues = header.continues ?? false
    }

    /// Makes a reply to send.
    ///
    /// - Throws: `VarlinkFault.unencodable`.
    package init(_ parameters: some Encodable = NoParameters(), continues: Bool = false) throws {
        error = nil
        self.continues = continues
        body = try WireJSON.encode(
            Outgoing(parameters: parameters, continues: continues ? true : nil, error: nil))
    }

    /// Makes a reply that says why the call failed.
    ///
    /// - Throws: `VarlinkFault.unencodable`.
    package init(_ error: VarlinkError) throws {
        self.error = error.name
        continues = false
        body = try WireJSON.encode(Outgoing(parameters: error.parameters, continues: nil, error: error.name))
    }

    /// The JSON text to send, without its NUL.
    package var bytes: [UInt8] { Array(body) }

    /// The parameters, in the type that the method answers with.
    ///
    /// - Throws: the `VarlinkError` that the reply says; `VarlinkFault.malformedFrame` for another type.
    package func parameters<Parameters: Decodable>(as type: Parameters.Type = Parameters.self) throws -> Parameters {
        do {
            if let error {
                throw VarlinkError(name: error, parameters: try WireJSON.parameters(JSONValue.self, of: body))
            }
            return try WireJSON.parameters(type, of: body)
        } catch let error as DecodingError {
            throw VarlinkFault(
                .malformedFrame, attempted: "read the parameters of a Varlink reply", expected: "\(type)", cause: error)
        }
    }

    private struct Header: Decodable {
        let continues: Bool?
        let error: String?
    }

    private struct Outgoing<Parameters: Encodable>: Encodable {
        let parameters: Parameters
        let continues: Bool?
        let error: String?
    }
}
