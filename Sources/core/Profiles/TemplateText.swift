import Faults

/// Text with `${variables}` in it, taken apart. `$$` stands for `$`.
struct TemplateText: Sendable, Equatable {
    enum Part: Sendable, Equatable {
        case literal(String)
        case variable(TemplateVariable)
    }
    let parts: [Part]

    /// Throws `.invalidTemplate`, `.unknownVariable`.
    init(_ text: String) throws(ProfileFault) {
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            literal += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            switch rest.first {
            case "$":
                literal += "$"
                rest = rest.dropFirst()
            case "{":
                guard let end = rest.firstIndex(of: "}") else {
                    throw Self.fault(.invalidTemplate, text, expected: "'}' after '${'")
                }
                let name = String(rest[..<end].dropFirst())
                guard let variable = TemplateVariable(rawValue: name) else {
                    throw Self.fault(.unknownVariable, text, expected: "a known variable", got: "${\(name.prefix(64))}")
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                parts.append(.variable(variable))
                rest = rest[end...].dropFirst()
            default:
                throw Self.fault(.invalidTemplate, text, expected: "'{' or '$' after '$'")
            }
        }
        literal += rest
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.parts = parts
    }

    var variables: Set<TemplateVariable> {
        Set(parts.compactMap { if case .variable(let variable) = $0 { variable } else { nil } })
    }

    /// The text with every variable filled in; one without a value becomes empty.
    func filled(from facts: [TemplateVariable: String], escape: (String) -> String) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): text
            case .variable(let variable): escape(facts[variable] ?? "")
            }
        }.joined()
    }

    private static func fault(
        _ code: ProfileFaultCode, _ text: String, expected: String, got: String? = nil
    ) -> ProfileFault {
        ProfileFault(code, attempted: "read the template '\(text.prefix(256))'", expected: expected, got: got)
    }
}
