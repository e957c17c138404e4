import Faults
import X509

extension SubjectTemplate {
    /// The variables that name and alternative names use. Throws `.invalidTemplate`, `.unknownVariable`.
    package var variables: Set<TemplateVariable> {
        get throws(ProfileFault) {
            var variables = try TemplateText(name).variables
            if let issuedName { variables.formUnion(try TemplateText(issuedName).variables) }
            for entry in alternativeNames { variables.formUnion(try TemplateText(entry).variables) }
            return variables
        }
    }

    /// Fills in this machine's facts. In the name, values are escaped as RFC 4514 §2.4 asks, so that no value can add
    /// an attribute; alternative names are validated with their values in place.
    ///
    /// Throws `.emptyVariable`, naming all that are unknown or empty here, `.invalidTemplate`, `.unknownVariable`,
    /// `.invalidSubject`, `.invalidAlternativeName`.
    package func render(_ facts: [TemplateVariable: String]) throws(ProfileFault) -> RenderedSubject {
        let empty = try variables.filter { (facts[$0] ?? "").isEmpty }
        guard empty.isEmpty else {
            let names = empty.map { "${\($0.rawValue)}" }.sorted().joined(separator: ", ")
            throw ProfileFault(
                .emptyVariable, attempted: "render the subject '\(name.prefix(256))'",
                expected: "a value for every variable on this machine", got: "nothing for \(names)")
        }
        var alternatives: [GeneralName] = []
        for entry in alternativeNames {
            alternatives.append(try AlternativeName(entry).rendered(facts))
        }
        let requested = try Self.rendered(name, facts)
        return RenderedSubject(
            name: requested, alternativeNames: alternatives, accepted: try accepted(requested, facts))
    }

    private func accepted(
        _ requested: DistinguishedName, _ facts: [TemplateVariable: String]
    ) throws(ProfileFault) -> AcceptedSubject {
        guard let issuedName else { return .name(requested) }
        return issuedName == Self.anyName ? .any : .name(try Self.rendered(issuedName, facts))
    }

    private static func rendered(
        _ name: String, _ facts: [TemplateVariable: String]
    ) throws(ProfileFault) -> DistinguishedName {
        let text = try TemplateText(name).filled(from: facts, escape: DistinguishedName.escape)
        do throws(X509Fault) {
            let rendered = try DistinguishedName(rfc4514: text)
            guard !rendered.isEmpty else {
                throw X509Fault(.invalidName, attempted: "", expected: "at least one attribute", got: "none")
            }
            return rendered
        } catch {
            throw ProfileFault(
                .invalidSubject, attempted: "read the subject '\(text.prefix(256))'", expected: error.expected,
                got: error.got)
        }
    }
}
