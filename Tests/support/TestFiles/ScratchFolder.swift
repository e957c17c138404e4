import FoundationEssentials

/// A new folder of a test's own, which goes with whoever holds it last.
package final class ScratchFolder: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "signet-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file with exactly this mode; folders above it that are missing are made, mode 0755.
    ///
    /// - Returns: its path.
    @discardableResult
    package func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try makeFolder(name.split(separator: "/").dropLast().joined(separator: "/"))
        try Data(bytes).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: Int(mode)], ofItemAtPath: file)
        return file
    }

    @discardableResult
    package func write(_ name: String, _ text: String, mode: UInt32 = 0o600) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    /// Makes a folder, and those above it that are missing, mode 0755.
    package func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: "\(path)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    package func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }
}

/// Runs `body` with a new folder that is gone afterwards.
package func withScratchFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
    let folder = try ScratchFolder()
    defer { withExtendedLifetime(folder) {} }
    return try body(folder.path)
}

/// Runs `body` with a new folder that is gone afterwards.
package func withScratchFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let folder = try ScratchFolder()
    defer { withExtendedLifetime(folder) {} }
    return try await body(folder.path)
}

/// Everything in a folder, temporary files too.
package func entries(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
