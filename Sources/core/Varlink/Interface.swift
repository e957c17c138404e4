/// One interface: its name, its description in Varlink's language, and the methods that the description declares.
package struct Interface: Sendable, Equatable {
    /// The name in reverse-domain notation.
    package let name: String
    /// The text that `GetInterfaceDescription` answers with.
    package let description: String
    /// The names of its methods, without the interface's.
    package let methods: Set<String>

    /// Reads the methods' names out of a description (varlink.org, Interface Definition).
    ///
    /// - Parameter name: the one that the description declares.
    package init(name: String, description: String) {
        self.name = name
        self.description = description
        let words = Interface.words(of: description)
        // `method` as a declaration stands outside of all parentheses, so a field of that name is not one.
        var depth = 0
        var methods: Set<String> = []
        for (index, word) in words.enumerated() {
            if word == "(" { depth += 1 }
            if word == ")" { depth -= 1 }
            if depth == 0, word == "method", index + 1 < words.count { methods.insert(words[index + 1]) }
        }
        self.methods = methods
    }

    /// Splits at white space and around parentheses; comments run from `#` to the end of the line.
    private static func words(of text: String) -> [String] {
        text.split(separator: "\n").flatMap { line in
            line.prefix { $0 != "#" }.flatMap { $0 == "(" || $0 == ")" ? [" ", $0, " "] : [$0] }
                .split(whereSeparator: \.isWhitespace).map { String($0) }
        }
    }
}

extension Interface {
    /// `org.varlink.service`, which every service has (varlink.org, Service).
    static let introspection = """
        # Describes the service and the interfaces it has.
        interface org.varlink.service

        # Says who made the service and which interfaces it has.
        method GetInfo() -> (
          vendor: string,
          product: string,
          version: string,
          url: string,
          interfaces: []string
        )

        # Answers with the description of one of the service's interfaces.
        method GetInterfaceDescription(interface: string) -> (description: string)

        # The service has no such interface.
        error InterfaceNotFound (interface: string)

        # The interface has no such method.
        error MethodNotFound (method: string)

        # The interface has the method, and the service lacks it.
        error MethodNotImplemented (method: string)

        # A parameter is missing or has a value that the method does not take.
        error InvalidParameter (parameter: string)

        # Whoever calls may not do so.
        error PermissionDenied ()

        # The method only answers to calls with 'more'.
        error ExpectedMore ()

        """
}
