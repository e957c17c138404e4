import FoundationEssentials
import FuzzTargets
import Testing

/// Tests/Corpus: what fuzzing found worth keeping, handed to the parsers once more.
@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Corpus")

    @Test(arguments: FuzzTarget.allCases)
    func `each parser takes what it should`(target: FuzzTarget) throws {
        let examples = try target.examples()
        #expect(!examples.isEmpty)
        for (name, bytes) in examples { #expect(try target.run(bytes), "\(name)") }
    }

    @Test(arguments: FuzzTarget.allCases)
    func `what fuzzing found is taken or refused, and nothing else happens`(target: FuzzTarget) throws {
        let folder = Self.folder.appending(path: target.rawValue).path
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(files.count > 5)
        for file in files {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(file)")))
            #expect(throws: Never.self, "\(target.rawValue)/\(file)") { try target.run(bytes) }
        }
    }

    @Test func `each folder is a parser's`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(folders) == Set(FuzzTarget.allCases.map(\.rawValue)))
    }
}
