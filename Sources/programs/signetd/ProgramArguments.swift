/// What `signetd` is called with.
struct ProgramArguments {
    static let usage = "usage: signetd [--root DIR]"

    /// The folder below which all paths hang, without a slash at its end; empty for the machine itself.
    var root = ""
    var wantsHelp = false

    init(_ arguments: [String]) throws {
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            switch argument {
            case "--root":
                guard let folder = rest.popFirst(), folder.hasPrefix("/") else {
                    throw UsageFault(problem: "--root needs an absolute path")
                }
                root = String(folder.reversed().drop { $0 == "/" }.reversed())
            case "--help", "-h": wantsHelp = true
            default: throw UsageFault(problem: "unknown argument '\(argument)'")
            }
        }
    }
}

struct UsageFault: Error, CustomStringConvertible {
    let problem: String
    var description: String { problem }
}
