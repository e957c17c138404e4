/// Who owns what the installer writes, as user and group numbers.
package struct Ownership: Sendable {
    /// Root; below a root of its own, whoever runs the program.
    package let owner: UInt32
    /// The group of everything that names no other.
    package let group: UInt32
    private let number: @Sendable (String) throws -> UInt32?

    /// - Parameter number: a group's number by its name; nil where there is none.
    package init(owner: UInt32, group: UInt32, number: @escaping @Sendable (String) throws -> UInt32?) {
        self.owner = owner
        self.group = group
        self.number = number
    }

    /// A named group's number; nil where there is none.
    func group(named name: String) throws -> UInt32? { try number(name) }
}
