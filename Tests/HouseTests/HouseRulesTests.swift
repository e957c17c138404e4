import Testing

/// The rules themselves: what they must catch, and what they must let pass.
@Suite struct HouseRulesTests {
    private let manifest = Manifest(
        parsing: """
            func core(_ name: String) { floor("core", name) }
            let package = Package(
                name: "p",
                dependencies: [.package(url: "https://example.com/x", from: "1.0.0")],
                targets: [
                    // A comment, with a "string", and a comma.
                    c("CThing", links: "thing"),
                    core("Low"),
                    core("High", "Low"),
                    adapter("Thing", "CThing", "High"),
                    floor("shell", "Library", ["High", "Low"]),
                    program(
                        "tool", "Thing", "High",
                        .product(name: "Parser", package: "x")),
                    tests("core", "HighTests", "High"),
                ]
            )
            """)

    private var rules: HouseRules { HouseRules(manifest: manifest) }

    @Test func `targets are read with their floors and dependencies`() {
        #expect(
            manifest.targets == [
                .init(name: "CThing", floor: "c", dependencies: []),
                .init(name: "Low", floor: "core", dependencies: []),
                .init(name: "High", floor: "core", dependencies: ["Low"]),
                .init(name: "Thing", floor: "adapters", dependencies: ["CThing", "High"]),
                .init(name: "Library", floor: "shell", dependencies: ["High", "Low"]),
                .init(name: "tool", floor: "programs", dependencies: ["Thing", "High", "Parser"]),
            ])
        #expect(rules.wrongArrows() == [])
    }

    @Test(arguments: [
        #"core("A", "Thing")"#, #"core("A", "CThing")"#, #"core("A", "tool")"#, #"adapter("A", "Thing")"#,
        #"adapter("A", "Library")"#, #"shell("A", "Thing")"#, #"shell("A", "CThing")"#, #"shell("A", "Library")"#,
        #"program("A", "CThing")"#, #"program("A", "tool")"#, #"core("A", .product(name: "Parser", package: "x"))"#,
    ]) func `an arrow that does not go down is caught`(line: String) {
        let text = """
            let package = Package(
                targets: [
                    c("CThing"), core("Low"), adapter("Thing", "Low"), shell("Library", "Low"), program("tool", "Low"),
                    \(line),
                ])
            """
        #expect(HouseRules(manifest: Manifest(parsing: text)).wrongArrows().count == 1)
    }

    @Test(arguments: [
        ("import Glibc", "High"), ("import Foundation", "High"), ("package import Thing", "High"),
        ("import Dispatch", "High"), ("@testable import Thing", "Low"), ("import struct Thing.Part", "High"),
        ("import High", "Low"), ("import Foundation", "Thing"), ("import Library", "Thing"),
        ("import Glibc", "Library"), ("import CThing", "Library"), ("import CThing", "tool"),
        ("let a = Date()", "High"), ("let a = Date.now", "High"), ("let a: Date = .now", "High"), ("f(.now)", "High"),
        ("let a = b.shuffled()", "High"),
        ("let a = UUID()", "High"), ("let a = Int.random(in: 0..<2)", "High"), ("FileManager.default", "High"),
        ("ProcessInfo.processInfo", "High"), ("let a = try! b()", "tool"), ("let a = b as! C", "Thing"),
        ("fatalError(\"no\")", "Library"), ("let a = \"quoted\" as! C // why", "Thing"),
    ]) func `a planted violation is caught`(line: String, target: String) {
        let text = "import FoundationEssentials\n\n\(line)\n"
        #expect(rules.violations(in: text, of: target).count == 1)
    }

    @Test func `a file that is too long is caught, and one that is not is let pass`() {
        let line = "let a = 1\n"
        #expect(rules.violations(in: String(repeating: line, count: 400), of: "High") == [])
        #expect(rules.violations(in: String(repeating: line, count: 401), of: "High").count == 1)
    }

    @Test(arguments: [
        ("func run() async {", 1), ("@concurrent func other() async {", 1),
        ("@concurrent static func run() async {", 0),
    ])
    func `a program that waits on the main thread is caught`(line: String, count: Int) {
        let text = "// await\n@main\nstruct Tool {\n    static func main() async { await run() }\n    \(line)\n"
        #expect(rules.violations(in: text, of: "tool").count == count)
    }

    @Test(arguments: [
        ("package import Low", "High"), ("import FoundationEssentials", "High"), ("import Glibc", "Thing"),
        ("import CThing", "Thing"), ("import struct Low.Part", "High"), ("import Parser", "tool"),
        ("/// `Date()` is not called here", "High"), ("let a = 1 // not Date()", "High"),
        ("let a = \"fatalError(\"", "High"), ("let a = b.nowhere", "High"), ("let a = C.randomness", "High"),
        ("let a = MyUUID()", "High"), ("self.now = now", "High"), ("let a = b.random", "High"),
        ("let important = 1", "High"), ("let a = Date()", "Thing"),
        ("@unsafe @preconcurrency import Dispatch  // why", "Thing"),
    ]) func `what is allowed is let pass`(line: String, target: String) {
        #expect(rules.violations(in: line, of: target) == [])
    }
}
