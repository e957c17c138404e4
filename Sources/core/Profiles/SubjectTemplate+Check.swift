import Faults

extension SubjectTemplate {
    /// What a machine might answer: enough to see whether a template could ever become a name.
    private static let example: [TemplateVariable: String] = [
        .serialNumber: "EXAMPLE1", .hostname: "host", .fqdn: "host.example.com",
        .machineID: "0123456789abcdef0123456789abcdef", .mac: "02:00:00:00:00:01", .osID: "linux", .osVersion: "1",
    ]

    /// Refuses a name that no machine could render, so that it is seen where the profile is written. Throws as
    /// `render` does, but never `.emptyVariable`.
    package static func check(name: String) throws(ProfileFault) {
        _ = try SubjectTemplate(name: name, alternativeNames: []).render(example)
    }

    /// The same for one alternative name.
    package static func check(alternativeName: String) throws(ProfileFault) {
        _ = try AlternativeName(alternativeName).rendered(example)
    }
}
