import Faults

/// What Signet's services are called with: `[--root DIR]`.
package struct ServiceArguments: Sendable {
    /// The folder below which all paths hang, without a slash at its end; empty for the machine itself.
    package private(set) var root = ""
    package private(set) var wantsHelp = false

    /// - Parameter arguments: with the program's own name first.
    package init(_ arguments: [String]) throws(HostFault) {
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            switch argument {
            case "--root":
                guard let folder = rest.popFirst(), folder.hasPrefix("/") else {
                    throw HostFault(.badArguments, attempted: "read '--root'", expected: "an absolute path after it")
                }
                root = String(folder.reversed().drop { $0 == "/" }.reversed())
            case "--help", "-h": wantsHelp = true
            default:
                throw HostFault(
                    .badArguments, attempted: "read the arguments", expected: "[--root DIR]", got: "'\(argument)'")
            }
        }
    }
}
