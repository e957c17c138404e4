/// One thing that is wrong in a configuration file, or with the file itself.
package struct ConfigurationError: Error, Sendable, Equatable {
    /// The file as it was named to the reader.
    package let file: String
    /// Counts from 1; nil where the file as a whole is meant.
    package let line: Int?
    /// Counts characters from 1; nil where the file as a whole is meant.
    package let column: Int?
    /// What is wrong, without control characters: it may quote what the file holds.
    package let text: String
    /// What to do about it.
    package let remedy: String

    package init(file: String, line: Int? = nil, column: Int? = nil, text: String, remedy: String) {
        self.file = file
        self.line = line
        self.column = column
        self.text = Self.printable(text)
        self.remedy = remedy
    }

    /// Control characters escaped, so that no message breaks a line or colours a terminal.
    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }
        return scalars.joined()
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `file:line:column: text; remedy`, as compilers write it and editors follow it.
    package var description: String {
        let place = [Self.printable(file)] + [line, column].compactMap { $0.map(String.init) }
        return "\(place.joined(separator: ":")): \(text); \(remedy)"
    }
}

/// Everything that is wrong, in the order of the file; never empty.
package struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    package let errors: [ConfigurationError]

    package init(_ errors: [ConfigurationError]) { self.errors = errors }

    /// One line for each error.
    package var description: String { errors.map(\.description).joined(separator: "\n") }
}
