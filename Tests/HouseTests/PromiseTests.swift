import FoundationEssentials
import Testing

/// The page of promises names tests that are there.
@Suite struct PromiseTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: Self.root.appending(path: path)), as: UTF8.self)
    }

    @Test func `every promise names a test that is there`() throws {
        let page = try text(of: "packaging/PROMISES.md")
        let tables = page.split(separator: "\n\n").filter { $0.hasPrefix("| promise | shown by |") }
        #expect(tables.count == 2)
        var named = 0
        for row in tables.flatMap({ $0.split(separator: "\n").dropFirst(2) }) {
            let tests = row.split(separator: "|").last?.split(separator: "`").filter { $0.contains("/") } ?? []
            #expect(!tests.isEmpty, "no test shows: \(row)")
            for test in tests {
                let parts = test.split(separator: ":")
                let file = try text(of: "Tests/\(parts[0])")
                #expect(parts.count > 1 || test.hasSuffix(".swift"), "which test of \(test)?")
                if parts.count > 1 { #expect(file.contains("def \(parts[1])("), "\(test)") }
                named += 1
            }
        }
        #expect(named > 20)
    }
}
