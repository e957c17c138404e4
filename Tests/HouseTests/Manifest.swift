/// The house as Package.swift draws it: targets, their floors, and what each may see.
struct Manifest {
    struct Target: Equatable {
        var name: String
        var floor: String
        var dependencies: [String]
    }

    let targets: [Target]

    /// Reads the calls by which Package.swift names its targets: `core("Name", "Dependency", …)` and its like.
    init(parsing text: String) {
        var targets: [Target] = []
        let floors = ["core(": "core", "adapter(": "adapters", "shell(": "shell", "program(": "programs", "c(": "c"]
        // Only what stands in the list of targets; above it the functions themselves are declared.
        let list = text.firstRange(of: "let package").map { text[$0.lowerBound...] } ?? text[...]
        for line in Self.calls(in: list) {
            if line.hasPrefix("floor("), line.strings.count > 1 {
                targets.append(
                    Target(
                        name: line.strings[1], floor: line.strings[0], dependencies: Array(line.strings.dropFirst(2))))
            } else if let (_, floor) = floors.first(where: { line.hasPrefix($0.key) }), let name = line.strings.first {
                let dependencies = floor == "c" ? [] : Array(line.strings.dropFirst())
                targets.append(Target(name: name, floor: floor, dependencies: dependencies))
            }
        }
        self.targets = targets
    }

    func floor(of name: String) -> String? { targets.first { $0.name == name }?.floor }

    /// Each argument of the list of targets, without white space.
    private static func calls(in text: Substring) -> [String] {
        var calls: [String] = []
        var current = ""
        var depth = 0
        for line in text.split(separator: "\n") where !line.drop(while: \.isWhitespace).hasPrefix("//") {
            for character in line where !character.isWhitespace {
                // Package( and its list of targets are two deep.
                if character == "," && depth == 2 {
                    calls.append(current)
                    current = ""
                    continue
                }
                if "([".contains(character) { depth += 1 }
                if ")]".contains(character) { depth -= 1 }
                current.append(character)
                if depth == 2, current.hasSuffix("targets:[") { current = "" }
            }
        }
        return calls
    }
}

extension String {
    /// The string literals in it; of a product of another package its name alone.
    fileprivate var strings: [String] {
        let parts = split(separator: "\"", omittingEmptySubsequences: false)
        return parts.indices.filter { !$0.isMultiple(of: 2) && !parts[$0 - 1].hasSuffix("package:") }
            .map { String(parts[$0]) }
    }
}
