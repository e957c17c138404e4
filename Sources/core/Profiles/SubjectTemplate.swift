package import X509

/// The subject and alternative names a profile asks for, with `${variables}` still in them.
package struct SubjectTemplate: Sendable, Equatable {
    /// RFC 4514 text with variables.
    package let name: String
    /// `DNS:…`, `URI:…`, `email:…` or `IP:…`, with variables.
    package let alternativeNames: [String]

    package init(name: String, alternativeNames: [String]) {
        self.name = name
        self.alternativeNames = alternativeNames
    }
}

/// A template with its variables filled in.
package struct RenderedSubject: Sendable, Equatable {
    package let name: DistinguishedName
    package let alternativeNames: [GeneralName]
    package init(name: DistinguishedName, alternativeNames: [GeneralName]) {
        self.name = name
        self.alternativeNames = alternativeNames
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
