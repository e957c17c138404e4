import FoundationEssentials
import Testing

/// The sources keep to the picture that Package.swift draws.
@Suite struct HouseTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func manifest() throws -> Manifest {
        let file = Self.root.appending(path: "Package.swift")
        return Manifest(parsing: String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    /// Paths of all files of a kind below a folder, from the package's root.
    private func files(_ ending: String, below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: Self.root.appending(path: folder).path)
            .filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
    }

    private func swiftFiles(below folder: String) throws -> [String] { try files(".swift", below: folder) }

    private func text(of path: String) throws -> String {
        String(decoding: try Data(contentsOf: Self.root.appending(path: path)), as: UTF8.self)
    }

    @Test func `Package.swift was read whole`() throws {
        let manifest = try manifest()
        let folders = try ["c", "core", "adapters", "shell", "programs"].flatMap { floor in
            try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources/\(floor)").path)
                .map { "\(floor)/\($0)" }
        }
        #expect(Set(manifest.targets.map { "\($0.floor)/\($0.name)" }) == Set(folders))
        #expect(manifest.targets.first { $0.name == "X509" }?.dependencies == ["Faults"])
        #expect(manifest.targets.first { $0.name == "SCEPClient" }?.floor == "shell")
        #expect(manifest.targets.first { $0.name == "signetctl" }?.dependencies.contains("ArgumentParser") == true)
    }

    @Test func `arrows go down only`() throws {
        let found = HouseRules(manifest: try manifest()).wrongArrows()
        #expect(found == [])
    }

    @Test func `each source sees what its target may see, and says nothing that its floor forbids`() throws {
        let rules = HouseRules(manifest: try manifest())
        let files = try swiftFiles(below: "Sources")
        #expect(files.count > 30)
        for file in files {
            let parts = file.split(separator: "/")
            try #require(parts.count > 3, "a source outside a target: \(file)")
            let found = rules.violations(in: try text(of: file), of: String(parts[2]))
            #expect(found == [], "\(file)")
        }
    }

    @Test func `nothing imports the whole of Foundation`() throws {
        for file in try swiftFiles(below: "Sources") + swiftFiles(below: "Tests") {
            let lines = try text(of: file).split(separator: "\n")
            let isImported = lines.contains { HouseRules.importedModule($0) == "Foundation" }
            #expect(!isImported, "\(file)")
        }
    }

    @Test func `no test pauses, but for the one place that looks again for what nobody tells of`() throws {
        // Not \b: by Unicode's rules "time.sleep" is one word.
        let pause = /(^|[^A-Za-z_])(u|nano)?sleep\s*\(/
        var pausing: [String] = []
        for file in try swiftFiles(below: "Tests") + files(".py", below: "Tests")
        where !file.hasPrefix("Tests/HouseTests/") {
            if try text(of: file).contains(pause) { pausing.append(file) }
        }
        #expect(pausing == ["Tests/servers/looking.py"])
    }

    @Test func `each section of RFC 8894 that asks something of a client is named where it is kept`() throws {
        let sections = [
            "2.1.1", "2.1.2", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.9", "3.1", "3.2", "3.2.1", "3.2.1.1",
            "3.2.1.2", "3.2.1.3", "3.2.1.4", "3.2.1.5", "3.2.2", "3.3.1", "3.3.2", "3.3.2.1", "3.3.2.2", "3.3.2.3",
            "3.3.3", "3.3.4", "3.4", "3.5.1", "3.5.2", "4.1", "4.2", "4.2.1.1", "4.2.1.2", "4.3", "4.4", "4.5", "4.6",
            "4.7", "4.7.1", "5.1", "5.2", "7.3", "7.4", "7.5", "7.7", "7.9", "7.10",
        ]
        let citation = /§(\d+(?:\.\d+)*)/
        var named: Set<String> = []
        for file in try swiftFiles(below: "Sources") {
            let lines = try text(of: file)
            guard lines.contains("RFC 8894") else { continue }
            for match in lines.matches(of: citation) { named.insert(String(match.1)) }
        }
        #expect(sections.filter { !named.contains($0) } == [])
    }

    @Test func `the Varlink codec knows no word of Signet's`() throws {
        for file in try swiftFiles(below: "Sources/core/Varlink") {
            // The name of a C function is a name.
            let words = try text(of: file).lowercased().replacing("signet_wipe", with: "")
            #expect(!words.contains("signet"), "\(file)")
        }
    }
}
