import FoundationEssentials

/// systemd/signet.catalog, read as journalctl reads it (catalog_import_file() of systemd): entries begin with `-- ` and
/// an id; header lines, an empty line, text.
package struct Catalog: Sendable {
    package struct Entry: Sendable {
        package var id: String
        package var headers: [String: String]
        /// With single spaces instead of line ends.
        package var text: String

        /// Fields that journalctl fills in.
        package var placeholders: Set<String> {
            let all = (headers.values + [text]).joined(separator: " ")
            return Set(all.matches(of: /@([A-Z0-9_]+)@/).map { String($0.output.1) })
        }
    }

    package let entries: [Entry]

    /// The one in this tree.
    package static func shipped() throws -> Catalog {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let bytes = try Data(contentsOf: root.appending(path: "systemd/signet.catalog"))
        return Catalog(String(decoding: bytes, as: UTF8.self))
    }

    package init(_ file: String) {
        entries = file.split(separator: "\n-- ").dropFirst().map { part in
            let lines = part.split(separator: "\n", omittingEmptySubsequences: false)
            let end = lines.firstIndex(of: "") ?? lines.endIndex
            let headers = lines[..<end].dropFirst().compactMap { line -> (String, String)? in
                guard let colon = line.firstRange(of: ": ") else { return nil }
                return (String(line[..<colon.lowerBound]), String(line[colon.upperBound...]))
            }
            return Entry(
                id: String(lines.first ?? ""), headers: Dictionary(headers) { $1 },
                text: lines[end...].filter { !$0.isEmpty }.joined(separator: " "))
        }
    }

    /// An entry's placeholders that none of these fields fills in. journalctl shows their names then.
    package func unfilled(_ id: String, fields: some Sequence<String>) -> Set<String> {
        entries.first { $0.id == id }.map { $0.placeholders.subtracting(fields) } ?? ["no entry \(id)"]
    }
}
