package import X509

/// The subject and alternative names a profile asks for, with `${variables}` still in them.
package struct SubjectTemplate: Sendable, Equatable {
    /// RFC 4514 text with variables.
    package let name: String
    /// `DNS:…`, `URI:…`, `email:…` or `IP:…`, with variables.
    package let alternativeNames: [String]
    /// The subject that the PKI issues, with variables, where it is another than the requested one; `anyName` for
    /// whatever it writes.
    package let issuedName: String?

    /// Stands for every subject. No RFC 4514 text looks like it.
    package static let anyName = "*"

    package init(name: String, alternativeNames: [String], issuedName: String? = nil) {
        self.name = name
        self.alternativeNames = alternativeNames
        self.issuedName = issuedName
    }
}

/// A template with its variables filled in.
package struct RenderedSubject: Sendable, Equatable {
    package let name: DistinguishedName
    package let alternativeNames: [GeneralName]
    /// What the certificate may say in place of `name`.
    package let accepted: AcceptedSubject
    package init(name: DistinguishedName, alternativeNames: [GeneralName], accepted: AcceptedSubject) {
        self.name = name
        self.alternativeNames = alternativeNames
        self.accepted = accepted
    }

    /// What a renewal asks for: what the PKI wrote, where root's file names or takes it. Servers hold a renewal to the
    /// subject of the certificate that signs it.
    package func renewing(_ current: DistinguishedName) -> DistinguishedName {
        switch accepted {
        case .any: current
        case .name(let issued): current.matches(issued) ? current : name
        }
    }
}

/// The variables a template may use. Raw values are their spelling between `${` and `}`.
package enum TemplateVariable: String, Sendable, Hashable, CaseIterable {
    case serialNumber = "serial_number"
    case hostname
    case fqdn
    case machineID = "machine_id"
    case mac
    case osID = "os_id"
    case osVersion = "os_version"
}
