import CTOML

/// A parsed file, as toml++ holds it. Freed when the value ends.
@safe struct Document: ~Copyable {
    private let raw: OpaquePointer  // signet_toml_document *

    /// Most bytes of a file.
    static let limit = 256 * 1024
    /// Most levels of values: a profile needs four.
    private static let depth = 8

    /// Parses a file's bytes into its root table. Throws the syntax error, if there is one: toml++ stops at the first.
    static func root(of text: [UInt8], file: String) throws(ConfigurationErrors) -> Node {
        guard text.count <= limit else {
            throw ConfigurationErrors([
                ConfigurationError(
                    file: file, text: "the file has \(text.count) bytes, more than \(limit)",
                    remedy: "keep to what configures one profile")
            ])
        }
        guard let document = Document(text) else {
            throw ConfigurationErrors([
                ConfigurationError(file: file, text: "no memory to read it", remedy: "free memory and try again")
            ])
        }
        if let error = document.error(in: file) { throw ConfigurationErrors([error]) }
        return document.root()
    }

    private init?(_ text: [UInt8]) {
        let raw = unsafe text.withUnsafeBytes { bytes in
            unsafe signet_toml_parse(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, Self.depth)
        }
        guard let raw = unsafe raw else { return nil }
        unsafe self.raw = raw
    }

    deinit { unsafe signet_toml_free(raw) }

    private func error(in file: String) -> ConfigurationError? {
        var error = unsafe signet_toml_error()
        guard unsafe signet_toml_failed(raw, &error), let text = unsafe error.text else { return nil }
        return ConfigurationError(
            file: file, line: unsafe Int(error.line), column: unsafe Int(error.column),
            text: "not TOML: \(unsafe String(cString: text))",
            remedy: "correct what stands there or just before it; https://toml.io/en/v1.0.0 says what may")
    }

    private func root() -> Node {
        var count = 0
        let first = unsafe signet_toml_nodes(raw, &count)
        var rest = unsafe UnsafeBufferPointer(start: first, count: count)[...]
        return unsafe Self.next(&rest) ?? Node(value: .table([]), position: Node.Position(line: 1, column: 1))
    }

    /// Takes one node and all that is inside of it off the flat list.
    private static func next(_ rest: inout Slice<UnsafeBufferPointer<signet_toml_node>>) -> Node? {
        guard let flat = unsafe rest.popFirst() else { return nil }
        let value: Node.Value =
            switch unsafe flat.kind {
            case SIGNET_TOML_TABLE: .table(unsafe entries(flat.children, &rest))
            case SIGNET_TOML_ARRAY: .list(unsafe (0..<flat.children).compactMap { _ in unsafe next(&rest) })
            case SIGNET_TOML_STRING: .text(unsafe text(flat.text, flat.text_count))
            case SIGNET_TOML_INTEGER: .integer(unsafe flat.integer)
            case SIGNET_TOML_REAL: .real(unsafe flat.real)
            case SIGNET_TOML_BOOLEAN: .boolean(unsafe flat.integer != 0)
            default: .time
            }
        return Node(value: value, position: unsafe Node.Position(line: Int(flat.line), column: Int(flat.column)))
    }

    private static func entries(
        _ count: Int, _ rest: inout Slice<UnsafeBufferPointer<signet_toml_node>>
    ) -> [Node.Entry] {
        (0..<count).compactMap { _ in
            guard let flat = unsafe rest.first else { return nil }
            let position = unsafe Node.Position(line: Int(flat.key_line), column: Int(flat.key_column))
            let key = unsafe text(flat.key, flat.key_count)
            return unsafe next(&rest).map { Node.Entry(key: key, position: position, value: $0) }
        }
    }

    private static func text(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }
}
