/// A TOML value and where it stands.
struct Node: Sendable, Equatable {
    struct Position: Sendable, Equatable, Comparable {
        let line: Int
        let column: Int

        static func < (one: Position, other: Position) -> Bool {
            (one.line, one.column) < (other.line, other.column)
        }
    }

    struct Entry: Sendable, Equatable {
        let key: String
        /// Where the key stands.
        let position: Position
        let value: Node
    }

    enum Value: Sendable, Equatable {
        case table([Entry])
        case list([Node])
        case text(String)
        case integer(Int64)
        case real(Double)
        case boolean(Bool)
        case time
    }

    let value: Value
    let position: Position

    /// What it is, as a message says it.
    var kind: String {
        switch value {
        case .table: "a table"
        case .list: "a list"
        case .text: "text"
        case .integer: "a whole number"
        case .real: "a number"
        case .boolean: "true or false"
        case .time: "a date or time"
        }
    }
}
