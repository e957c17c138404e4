import Glibc

/// The rules that sources keep, as functions of text: each answers with what breaks them.
struct HouseRules {
    let manifest: Manifest

    /// What a floor may see of the system.
    private static let systemModules: [String: Set<String>] = [
        "core": ["FoundationEssentials", "Synchronization"],
        "adapters": ["FoundationEssentials", "Glibc", "Dispatch", "Synchronization"],
        "shell": ["FoundationEssentials", "Dispatch", "Synchronization"],
        "programs": ["FoundationEssentials", "Glibc", "Dispatch", "Synchronization"],
    ]

    /// The floors whose targets a floor may depend on. Core has its own order below that, which cannot be circular.
    private static let floorsBelow: [String: Set<String>] = [
        "c": [], "core": ["core"], "adapters": ["core", "c"], "shell": ["core"],
        "programs": ["core", "adapters", "shell"],
    ]

    /// Dependencies that the floors do not allow and the house does, each with its reason.
    private static let exceptions: Set<[String]> = [
        // Wiping memory is no decision, and needs a call that no compiler removes: secrets, and frames that carry them.
        ["Secrets", "CLinux"], ["Varlink", "CLinux"],
        // Before anything else, a program that holds keys forbids that its memory is dumped.
        ["signetd", "CLinux"], ["signet-installd", "CLinux"],
        // A library for other programs: it comes with its adapters.
        ["SCEPClient", "OpenSSLCrypto"], ["SCEPClient", "CurlTransport"],
    ]

    /// What no source says: it throws or handles instead.
    private static let forbiddenEverywhere = ["try!", "as!", "fatalError(", "preconditionFailure("]

    /// What core does not say: time and randomness are arguments, files and processes are the shell's.
    private static let forbiddenInCore = [
        "Date()", ".now", "UUID()", ".random", "randomElement(", "shuffled(", "SystemRandomNumberGenerator",
        "FileManager", "ProcessInfo", "ContinuousClock", "SuspendingClock", "Task.sleep", "print(", "Data(contentsOf",
    ]

    static let lineLimit = 400

    /// Arrows that do not go down.
    func wrongArrows() -> [String] {
        manifest.targets.flatMap { target in
            target.dependencies.compactMap { name in
                // Other packages are on no floor; only programs have them.
                let floor = manifest.floor(of: name) ?? (target.floor == "programs" ? "core" : "another package")
                let isAllowed = Self.floorsBelow[target.floor]?.contains(floor) == true
                guard !isAllowed, !Self.exceptions.contains([target.name, name]) else { return nil }
                return "\(target.floor)/\(target.name) depends on \(name) (\(floor))"
            }
        }
    }

    /// What one source file of a target breaks.
    func violations(in text: String, of name: String) -> [String] {
        guard let target = manifest.targets.first(where: { $0.name == name }) else {
            return ["no target \(name) in Package.swift"]
        }
        var found: [String] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.count > Self.lineLimit + 1 { found.append("\(lines.count) lines") }
        if let line = Self.waitOnMainThread(lines) { found.append("line \(line): waits on the main thread's queue") }
        let allowed = Set(target.dependencies).union(Self.systemModules[target.floor] ?? [])
        let forbidden = (Self.forbiddenEverywhere + (target.floor == "core" ? Self.forbiddenInCore : []))
            .filter { strstr(text, $0) != nil }
        for (index, line) in lines.enumerated() {
            if let module = Self.importedModule(line), !allowed.contains(module) {
                found.append("line \(index + 1): import \(module)")
            }
            guard !forbidden.isEmpty else { continue }
            let code = Self.code(of: line)
            for pattern in forbidden where Self.says(pattern, in: code) {
                found.append("line \(index + 1): \(pattern)")
            }
        }
        return found
    }

    /// The line in which a program waits before it has left the main thread's queue, which libdispatch takes down under it.
    private static func waitOnMainThread(_ lines: [Substring]) -> Int? {
        guard let main = lines.firstIndex(of: "@main"),
            let wait = lines[main...].firstIndex(where: { code(of: $0).contains("await ") })
        else { return nil }
        let function = code(of: lines[wait]).split(separator: "await ").last?.prefix { $0 != "(" } ?? ""
        // Whatever is not concurrent stays with who calls it: a task's executor is no match for the main actor.
        let isConcurrent = lines.contains { $0.contains("@concurrent") && $0.contains("func \(function)(") }
        return isConcurrent ? nil : wait + 1
    }

    /// The module that a line imports: `package import struct X509.Certificate` imports X509.
    static func importedModule(_ line: Substring) -> String? {
        // Nearly every line is none, and this is asked of all of them.
        guard let first = line.utf8.first(where: { $0 != 0x20 }), "@ipf".utf8.contains(first) else { return nil }
        let words = code(of: line).split { $0.isWhitespace || $0 == "." }
        guard let position = words.firstIndex(of: "import"), words[..<position].allSatisfy(isModifier) else {
            return nil
        }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let", "actor"]
        return words[(position + 1)...].first { !kinds.contains($0) }.map(String.init)
    }

    private static func isModifier(_ word: Substring) -> Bool {
        word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
    }

    /// The line without its comment and without what stands in string literals.
    private static func code(of line: Substring) -> String {
        var code: [UInt8] = []
        var isString = false
        var last = UInt8(ascii: " ")
        for byte in line.utf8 {
            if byte == UInt8(ascii: "\""), last != UInt8(ascii: "\\") { isString.toggle() }
            if !isString {
                if byte == UInt8(ascii: "/"), last == UInt8(ascii: "/") {
                    code.removeLast()
                    break
                }
                code.append(byte)
            }
            last = byte
        }
        return String(decoding: code, as: UTF8.self)
    }

    /// Whether the pattern stands there as a word of its own: `.now` is not in `.nowhere`. A pattern that begins with a
    /// dot is a type's member, so it is not in `self.now`, where a value has a property of that name.
    private static func says(_ pattern: String, in code: String) -> Bool {
        code.ranges(of: pattern).contains { range in
            let isWord: (Character) -> Bool = { $0.isLetter || $0.isNumber || $0 == "_" }
            let before = code[..<range.lowerBound].reversed().prefix(while: isWord)
            let after = code[range.upperBound...].first
            if pattern.last.map(isWord) == true, after.map(isWord) == true { return false }
            if pattern.hasPrefix(".") { return before.last?.isUppercase ?? true }
            return pattern.first.map(isWord) == false || before.isEmpty
        }
    }
}
