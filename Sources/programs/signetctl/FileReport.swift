import TOMLConfiguration

/// What was found in one file.
struct FileReport: Encodable {
    struct Finding: Encodable {
        let file: String
        let line: Int?
        let column: Int?
        let text: String
        let remedy: String
    }

    let file: String
    var errors: [Finding] = []
    /// What could not be checked, and what an admin may want to see: the subject that this machine will ask for.
    var notes: [String] = []

    init(_ file: String) { self.file = file }

    mutating func add(_ errors: ConfigurationErrors) {
        self.errors += errors.errors.map {
            Finding(file: $0.file, line: $0.line, column: $0.column, text: $0.text, remedy: $0.remedy)
        }
    }

    /// `file:line:column: text; remedy`, a line each, as compilers write it and editors follow it; else that it is well.
    var text: String {
        let lines = errors.map { error in
            let place = [error.file] + [error.line, error.column].compactMap { $0.map { "\($0)" } }
            return "\(place.joined(separator: ":")): error: \(error.text); \(error.remedy)"
        }
        return ((lines.isEmpty ? ["\(file): ok"] : lines) + notes.map { "\(file): note: \($0)" })
            .map { printable($0) }.joined(separator: "\n")
    }
}
