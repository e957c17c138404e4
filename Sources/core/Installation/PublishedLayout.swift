package import Profiles

/// Where published files lie. Destinations derive from a profile's name alone.
package struct PublishedLayout: Sendable {
    /// Generations are numbered from 1 to this.
    package static let lastGeneration = 999_999_999

    /// `/etc/ssl/signet`, below the given root.
    package let base: String

    /// - Parameter root: what `--root` names; "/" for the machine itself.
    package init(root: String) {
        base = path("/etc/ssl/signet", below: root)
    }

    /// A profile's folder.
    package func folder(_ profile: ProfileName) -> String { "\(base)/\(profile)" }

    /// The one link that readers go through.
    package func current(_ profile: ProfileName) -> String { "\(folder(profile))/current" }

    /// A generation's folder, by name: `gen-0001`.
    package static func generationName(_ generation: Int) -> String {
        let digits = String(generation)
        return "gen-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Whether a name in a profile's folder is a generation's.
    package static func isGenerationName(_ name: String) -> Bool { name.hasPrefix("gen-") }
}

/// An absolute path below `root`; "/" leaves it as it is.
package func path(_ path: String, below root: String) -> String {
    var root = root[...]
    while root.last == "/" { root.removeLast() }
    return root + path
}
