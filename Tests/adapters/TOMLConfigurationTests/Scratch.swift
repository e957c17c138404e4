import FoundationEssentials
import Glibc

/// A folder of a test's own, removed when the test ends.
final class Scratch {
    let path: String

    init() throws {
        var template = Array("/tmp/signet-configuration-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CancellationError() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes a folder and those above it, mode 0755.
    func folder(_ path: String) {
        var made = self.path
        for part in path.split(separator: "/") {
            made += "/\(part)"
            mkdir(made, 0o755)
            chmod(made, 0o755)
        }
    }

    /// Writes a file, mode 0644, making its folder.
    func write(_ path: String, _ text: String) throws {
        let parts = path.split(separator: "/").dropLast()
        folder(parts.joined(separator: "/"))
        let number = open(self.path + path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard number >= 0 else { throw CancellationError() }
        defer { close(number) }
        fchmod(number, 0o644)
        let bytes = Array(text.utf8)
        guard Glibc.write(number, bytes, bytes.count) == bytes.count else { throw CancellationError() }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
