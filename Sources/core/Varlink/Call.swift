import FoundationEssentials
package import Secrets

/// A method call (varlink.org, Method Call).
package struct Call: Sendable {
    /// The method's full name: `org.example.interface.Method`.
    package let method: String
    /// The caller takes several replies.
    package let more: Bool
    /// The caller takes no reply.
    package let oneway: Bool
    /// The caller wants to speak another protocol afterwards.
    package let upgrade: Bool
    /// The parameter that was kept out of the JSON text (`Frame.takeSecret`), where there is one.
    package let secret: Secret?
    private let body: Data

    /// Reads a call as it came over the wire.
    ///
    /// - Parameter secret: what was taken out of the frame before.
    /// - Throws: `VarlinkFault`: `.malformedFrame`, `.nestedTooDeep`.
    package init(_ frame: Frame, secret: Secret? = nil) throws {
        body = frame.withBytes { Data($0) }
        let header = try WireJSON.header(Header.self, of: body)
        method = header.method
        oneway = header.oneway ?? false
        // Who takes no reply takes no several: a stream that nobody reads would never end.
        more = (header.more ?? false) && !oneway
        upgrade = header.upgrade ?? false
        self.secret = secret
    }

    /// Makes a call to send.
    ///
    /// - Throws: `VarlinkFault.unencodable`.
    package init(
        _ method: String, _ parameters: some Encodable = NoParameters(), more: Bool = false, oneway: Bool = false
    ) throws {
        self.method = method
        self.more = more
        self.oneway = oneway
        upgrade = false
        secret = nil
        body = try WireJSON.encode(
            Outgoing(method: method, parameters: parameters, more: more ? true : nil, oneway: oneway ? true : nil))
    }

    /// The interface's name, which is all of the method's name but its last part.
    package var interface: String {
        method.lastIndex(of: ".").map { String(method[..<$0]) } ?? ""
    }

    /// The JSON text to send, without its NUL.
    package var bytes: [UInt8] { Array(body) }

    /// The parameters, in the type that the method takes.
    ///
    /// - Throws: `VarlinkError.invalidParameter`, naming the one that is missing or of another type.
    package func parameters<Parameters: Decodable>(as type: Parameters.Type = Parameters.self) throws -> Parameters {
        do {
            return try WireJSON.parameters(type, of: body)
        } catch let error as DecodingError {
            throw VarlinkError.invalidParameter(error.parameterName)
        }
    }

    private struct Header: Decodable {
        let method: String
        let more: Bool?
        let oneway: Bool?
        let upgrade: Bool?
    }

    private struct Outgoing<Parameters: Encodable>: Encodable {
        let method: String
        let parameters: Parameters
        let more: Bool?
        let oneway: Bool?
    }
}

extension DecodingError {
    /// The name of the parameter that is wrong: the outermost below `parameters`.
    fileprivate var parameterName: String {
        var path: [any CodingKey]
        switch self {
        case .keyNotFound(let key, let context): path = context.codingPath + [key]
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            path = context.codingPath
        @unknown default: path = []
        }
        if path.first?.stringValue == "parameters" { path.removeFirst() }
        return path.first?.stringValue ?? "parameters"
    }
}
