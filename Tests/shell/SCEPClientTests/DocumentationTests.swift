import FoundationEssentials
import SCEPClient
import Testing

@Suite struct DocumentationTests {
    @Test func `the enrollment in the documentation is the one that is compiled here`() throws {
        let root = #filePath.components(droppingLast: 4)
        let page = try text("\(root)/Sources/shell/SCEPClient/SCEPClient.docc/SCEPClient.md")
        let example = try text("\(root)/Tests/shell/SCEPClientTests/EnrollmentExample.swift")
        #expect(page.contains("```swift\n\(example)```\n"))
        #expect(example.split(separator: "\n").drop { !$0.hasPrefix("func") }.count <= 20)
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}

extension String {
    fileprivate func components(droppingLast count: Int) -> String {
        split(separator: "/", omittingEmptySubsequences: false).dropLast(count).joined(separator: "/")
    }
}
