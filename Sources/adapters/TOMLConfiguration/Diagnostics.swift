import Faults
import Profiles

/// Collects what is wrong in one file, so that all of it is told at once.
final class Diagnostics {
    private let file: String
    private var found: [(position: Node.Position, error: ConfigurationError)] = []

    /// Errors beyond which nobody reads on.
    private static let limit = 100

    init(file: String) { self.file = file }

    func report(_ text: String, _ remedy: String, at position: Node.Position) {
        let error = ConfigurationError(
            file: file, line: position.line, column: position.column, text: text, remedy: remedy)
        found.append((position, error))
    }

    /// Reports what a rule refused about the value of `key`.
    func report(_ fault: ProfileFault, of key: String, at position: Node.Position) {
        let parts = [fault.expected.map { "expected \($0)" }, fault.got.map { "got \($0)" }].compactMap { $0 }
        report("\(key): \(parts.joined(separator: ", "))", fault.code.remedy, at: position)
    }

    /// Reports a value that is designed but not built.
    func reportUnbuilt(_ what: String, _ remedy: String, at position: Node.Position) {
        report("\(what) is not built yet", remedy, at: position)
    }

    /// Throws what was reported, in the order of the file.
    func finish() throws(ConfigurationErrors) {
        guard !found.isEmpty else { return }
        let ordered = found.enumerated().sorted { ($0.element.position, $0.offset) < ($1.element.position, $1.offset) }
        throw ConfigurationErrors(ordered.prefix(Self.limit).map(\.element.error))
    }
}
