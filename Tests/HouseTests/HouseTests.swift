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

    /// Paths of all Swift files below a folder, from the package's root.
    private func swiftFiles(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: Self.root.appending(path: folder).path)
            .filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }.sorted()
    }

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

    @Test func `the Varlink codec knows no word of Signet's`() throws {
        for file in try swiftFiles(below: "Sources/core/Varlink") {
            // The name of a C function is a name.
            let words = try text(of: file).lowercased().replacing("signet_wipe", with: "")
            #expect(!words.contains("signet"), "\(file)")
        }
    }
}
