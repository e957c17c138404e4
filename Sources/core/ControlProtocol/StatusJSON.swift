package import FoundationEssentials

extension StatusDocument {
    /// The document as files and people get it: indented, members sorted, a line end at the end.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + Data("\n".utf8)
    }

    /// Reads what `json` writes. Members that this version does not know are ignored.
    ///
    /// - Throws: `DecodingError`.
    package init(json: Data) throws {
        self = try JSONDecoder().decode(StatusDocument.self, from: json)
    }
}
