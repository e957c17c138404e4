import Glibc

/// A path, split into the folder that holds it and its last component.
struct Location {
    let path: String
    let folder: String
    let name: String

    /// Throws `.invalidPath` where the path names nothing that could be created.
    init(_ path: String, _ attempted: String) throws(FileFault) {
        var text = path[...]
        while text.count > 1, text.last == "/" { text.removeLast() }
        let slash = text.lastIndex(of: "/")
        let name = slash.map { text[text.index(after: $0)...] } ?? text
        guard !name.isEmpty, name != ".", name != "..", !path.utf8.contains(0) else {
            throw FileFault(.invalidPath, attempted, got: "'\(path)'")
        }
        self.path = path
        self.name = String(name)
        folder = slash.map { $0 == text.startIndex ? "/" : String(text[..<$0]) } ?? "."
    }
}

/// Temporary names: `.NAME.tmp-` and six letters or digits, so that what a crash leaves behind can be told from what was asked for.
enum TemporaryName {
    private static let marker = ".tmp-"

    static func make(for name: String) -> String {
        // 31 bits in letters and digits are six of them at most.
        let suffix = String(UInt32.random(in: 0..<1 << 31), radix: 36)
        return "." + name + marker + String(repeating: "0", count: 6 - suffix.utf8.count) + suffix
    }

    /// Whether `name` is a temporary name, of `owner` if given.
    static func isTemporary(_ name: String, of owner: String? = nil) -> Bool {
        guard name.utf8.first == UInt8(ascii: "."), name.utf8.count > 12 else { return false }
        let ending = name.suffix(6)
        let stem = name.dropLast(6)
        guard stem.hasSuffix(marker), ending.utf8.allSatisfy({ isLetterOrDigit($0) }) else { return false }
        guard let owner else { return true }
        return stem == "." + owner + marker
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }
}
