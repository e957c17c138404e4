import Faults
import Profiles

/// One table of a file, read strictly: what it holds besides its known keys is reported when it is made.
struct Section {
    /// `scep`, `scep.challenge`; empty for the file itself.
    private let path: String
    private let entries: [String: Node.Entry]
    /// Where the table begins; the file's beginning where the table is absent.
    let position: Node.Position
    private let diagnostics: Diagnostics

    /// - Parameter elsewhere: the other tables' keys, to say where a key belongs.
    init(
        _ path: String, _ node: Node?, keys: [String], elsewhere: [(table: String, keys: [String])] = [],
        _ diagnostics: Diagnostics
    ) {
        self.path = path
        self.diagnostics = diagnostics
        position = node?.position ?? Node.Position(line: 1, column: 1)
        var known: [String: Node.Entry] = [:]
        switch node?.value {
        case .table(let entries)?:
            for entry in entries {
                if keys.contains(entry.key) {
                    known[entry.key] = entry
                } else {
                    let remedy = Self.remedy(entry.key, keys, elsewhere)
                    let name = Self.join(path, entry.key)
                    diagnostics.report("unknown key '\(name.prefix(256))'", remedy, at: entry.position)
                }
            }
        case _?:
            diagnostics.report("\(path): expected a table, got \(node?.kind ?? "")", "write [\(path)]", at: position)
        case nil: break
        }
        entries = known
    }

    private static func remedy(_ key: String, _ keys: [String], _ elsewhere: [(table: String, keys: [String])])
        -> String
    {
        if let home = elsewhere.first(where: { $0.keys.contains(key) }) {
            return "it belongs in [\(home.table)]"
        }
        if let nearest = Suggestion.nearest(to: key, in: keys) { return "did you mean '\(nearest)'?" }
        return "remove it; known here are \(keys.joined(separator: ", "))"
    }

    private static func join(_ path: String, _ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// The key with its tables before it, as messages name it.
    func name(_ key: String) -> String { Self.join(path, key) }

    /// The value itself; nil where the key is absent.
    func node(_ key: String) -> Node? { entries[key]?.value }

    /// Where the key's value stands; the table's beginning where it is absent.
    func position(of key: String) -> Node.Position { node(key)?.position ?? position }

    func reportMissing(_ key: String, _ remedy: String) {
        diagnostics.report("\(name(key)) is missing", remedy, at: position)
    }

    /// Reports a key that another one rules out, where it is there.
    func reportMisplaced(_ key: String, _ why: String, _ remedy: String) {
        guard let node = node(key) else { return }
        diagnostics.report("\(name(key)): \(why)", remedy, at: node.position)
    }

    /// Reports the fault that `rule` throws about `value`; nil then.
    func checked<Value, Result>(
        _ value: Value?, of key: String, at position: Node.Position? = nil,
        _ rule: (Value) throws(ProfileFault) -> Result
    ) -> Result? {
        guard let value else { return nil }
        do throws(ProfileFault) {
            return try rule(value)
        } catch {
            diagnostics.report(error, of: name(key), at: position ?? self.position(of: key))
            return nil
        }
    }

    private func reportType(_ key: String, _ expected: String, _ remedy: String, _ node: Node) {
        diagnostics.report("\(name(key)): expected \(expected), got \(node.kind)", remedy, at: node.position)
    }
}

// Each answers nil where the key is absent, and where its value is wrong, which it has then reported.
extension Section {
    func boolean(_ key: String) -> Bool? {
        guard let node = node(key) else { return nil }
        if case .boolean(let value) = node.value { return value }
        reportType(key, "true or false", "write \(key) = true or \(key) = false, without quotes", node)
        return nil
    }

    func integer(_ key: String) -> Int? {
        guard let node = node(key) else { return nil }
        if case .integer(let value) = node.value { return Int(value) }
        reportType(key, "a whole number", "write it in digits, without quotes", node)
        return nil
    }

    func number(_ key: String) -> Double? {
        guard let node = node(key) else { return nil }
        switch node.value {
        case .real(let value): return value
        case .integer(let value): return Double(value)
        default:
            reportType(key, "a number", "write it in digits, without quotes", node)
            return nil
        }
    }

    func text(_ key: String) -> String? { node(key).flatMap { text(key, $0) } }

    /// Text in one line: control characters have no place in paths, names, URLs and arguments, and would change what
    /// a terminal shows.
    private func text(_ key: String, _ node: Node) -> String? {
        guard case .text(let text) = node.value else {
            reportType(key, "text", "write it in quotes", node)
            return nil
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }) else {
            diagnostics.report(
                "\(name(key)): expected text in one line, got a control character", "remove it", at: node.position)
            return nil
        }
        return text
    }

    /// One of the values of an enumeration.
    ///
    /// - Parameter unbuilt: whether a text that is none of them is one that a later version will know.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, unbuilt: (String) -> Bool = { _ in false }
    ) -> Choice? {
        guard let text = text(key) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let choices = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
        if unbuilt(text) {
            diagnostics.reportUnbuilt("\(name(key)) = \"\(text)\"", "write \(choices)", at: position(of: key))
        } else {
            diagnostics.report(
                "\(name(key)): expected \(choices), got '\(text.prefix(64))'", "write \(choices)", at: position(of: key)
            )
        }
        return nil
    }

    /// A list of texts, each of which passes `rule`; one text alone may stand for a list of one.
    func list<Element: Equatable>(
        _ key: String, mayRepeat: Bool = false, mayBeAlone: Bool = true,
        _ rule: (String) throws(ProfileFault) -> Element
    ) -> [Element]? {
        guard let node = node(key) else { return nil }
        var nodes = [node]
        if case .list(let inner) = node.value {
            nodes = inner
        } else if !mayBeAlone {
            reportType(key, "a list", "write [\"…\", \"…\"]", node)
            return nil
        }
        guard nodes.count <= ProfileRules.listLimit else {
            let limit = ProfileRules.listLimit
            diagnostics.report(
                "\(name(key)): expected at most \(limit) elements, got \(nodes.count)", "shorten the list",
                at: node.position)
            return nil
        }
        var elements: [Element] = []
        for node in nodes {
            guard let element = checked(text(key, node), of: key, at: node.position, rule) else { continue }
            if !mayRepeat, elements.contains(element) {
                diagnostics.report("\(name(key)): the same element stands here twice", "remove one", at: node.position)
            }
            elements.append(element)
        }
        return elements.count == nodes.count ? elements : nil
    }
}
