/// What `signet-installd` is called with.
struct ProgramArguments {
    static let usage = "usage: signet-installd [--root DIR]"

    /// The folder below which all paths hang, without a slash at its end; "/" for the machine itself.
    var root = "/"
    var wantsHelp = false

    init(_ arguments: [String]) throws {
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            switch argument {
            case "--root":
                guard let folder = rest.popFirst(), folder.hasPrefix("/") else {
                    throw UsageFault(description: "--root needs an absolute path")
                }
                let trimmed = String(folder.reversed().drop { $0 == "/" }.reversed())
                root = trimmed.isEmpty ? "/" : trimmed
            case "--help", "-h": wantsHelp = true
            default: throw UsageFault(description: "unknown argument '\(argument)'")
            }
        }
    }
}

/// A call that the program does not understand.
struct UsageFault: Error, CustomStringConvertible {
    let description: String
}
