/// The subjects that an issued certificate may have.
package enum AcceptedSubject: Sendable, Equatable {
    case name(DistinguishedName)
    /// Whatever the PKI writes.
    case any

    package func accepts(_ subject: DistinguishedName) -> Bool {
        switch self {
        case .name(let name): subject.matches(name)
        case .any: true
        }
    }
}

extension AcceptedSubject: CustomStringConvertible {
    package var description: String {
        switch self {
        case .name(let name): "\(name)"
        case .any: "any"
        }
    }
}
