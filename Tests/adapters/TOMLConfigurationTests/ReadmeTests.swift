import FoundationEssentials
import Profiles
import Testing

@testable import TOMLConfiguration

/// The README's table of every key of a profile, held against the reader.
struct ReadmeTests {
    private struct Key {
        let table: Substring
        let word: Substring
        /// As TOML; nil where it has none, or one that is no value: "none", "random", "system's".
        let standard: Substring?
    }

    /// The table's rows; several keys of one row have a default each, or share one.
    private func keys() throws -> [Key] {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let data = try #require(FileManager.default.contents(atPath: "/\(root)/README.md"))
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let rows = lines.drop { $0 != "## Every key of a profile" }.drop { !$0.hasPrefix("|") }
            .prefix { $0.hasPrefix("|") }.dropFirst(2)
        return try rows.flatMap { row in
            let cells = row.split(separator: "|", maxSplits: 2)
            let names = code(in: cells[0])
            let values = code(in: cells[1])
            try #require(!names.isEmpty && (values.count < 2 || values.count == names.count), "\(row)")
            return try names.enumerated().map { index, name in
                let parts = name.split(separator: ".")
                try #require(parts.count == 2, "\(name)")
                return Key(
                    table: parts[0], word: parts[1],
                    standard: values.isEmpty ? nil : values.count == 1 ? values[0] : values[index])
            }
        }
    }

    /// What stands between backticks.
    private func code(in cell: Substring) -> [Substring] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map(\.element)
    }

    @Test func `the README's table names every key that is read, and no other`() throws {
        let named = try keys().map { "\($0.table).\($0.word)" }
        let read = ProfileReader.tables.flatMap { table in table.keys.map { "\(table.table).\($0)" } }
        #expect(named.sorted() == read.sorted())
    }

    /// Each type of key has keys of its own.
    @Test(arguments: [("rsa", ["curve", "transport"]), ("ec", ["bits"])])
    func `a profile that spells out the README's defaults is the least profile`(type: String, others: [String]) throws {
        var lines: [String: String] = [:]
        for key in try keys() {
            guard let standard = key.standard, !(key.table == "key" && others.contains(String(key.word))) else {
                continue
            }
            let value = key.word == "type" ? "\"\(type)\"" : standard
            lines[String(key.table), default: ""] += "\(key.word) = \(value)\n"
        }
        #expect(lines.keys.sorted() == ["device-tag", "install", "key", "renewal", "scep", "subject"])
        let spelled = Reading.text(
            scep: lines["scep"] ?? "", name: "name = \"CN=x\"\n" + (lines["subject"] ?? ""),
            rest: ["key", "renewal", "install", "device-tag"].map { "[\($0)]\n\(lines[$0] ?? "")" }.joined())
        let least = Reading.text(rest: type == "rsa" ? "" : "[key]\ntype = \"\(type)\"")
        #expect(try Reading.profile(spelled) == Reading.profile(least))
    }
}
