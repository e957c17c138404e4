import Faults
import Profiles
import Testing
import X509

struct TemplateTests {
    private let facts: [TemplateVariable: String] = [
        .serialNumber: "PF2ABC", .hostname: "laptop", .fqdn: "laptop.example.com", .machineID: "00ff",
        .mac: "02:00:00:00:00:01",
        .osID: "debian", .osVersion: "12",
    ]

    private func template(_ name: String, _ alternatives: String...) -> SubjectTemplate {
        SubjectTemplate(name: name, alternativeNames: alternatives)
    }

    private func code(_ template: SubjectTemplate, _ facts: [TemplateVariable: String]? = nil) -> ProfileFaultCode? {
        do throws(ProfileFault) {
            _ = try template.render(facts ?? self.facts)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `fills every variable in`() throws {
        let all = TemplateVariable.allCases.map { "CN=${\($0.rawValue)}" }.joined(separator: ",")
        let rendered = try template(all).render(facts)
        #expect(Set(rendered.name.values(of: .commonName)) == Set(facts.values))
    }

    @Test func `names the variables of name and alternative names`() throws {
        #expect(
            try template("CN=${serial_number},O=Example", "DNS:${fqdn}", "URI:urn:x:${serial_number}").variables
                == [.serialNumber, .fqdn])
    }

    @Test func `the subject that is issued is the requested one, another, or any`() throws {
        func accepted(_ issued: String?) throws -> AcceptedSubject {
            try SubjectTemplate(name: "CN=${hostname}", alternativeNames: [], issuedName: issued).render(facts).accepted
        }
        #expect(try accepted(nil) == .name(DistinguishedName(rfc4514: "CN=laptop")))
        #expect(try accepted("CN=${fqdn},O=X") == .name(DistinguishedName(rfc4514: "CN=laptop.example.com,O=X")))
        #expect(try accepted("*") == .any)
        let template = SubjectTemplate(name: "CN=x", alternativeNames: [], issuedName: "CN=${mac}")
        #expect(try template.variables == [.mac])
        #expect(code(template, [:]) == .emptyVariable)
    }

    @Test func `a doubled dollar stands for one`() throws {
        let rendered = try template("CN=cost $$5 $${hostname}").render(facts)
        #expect(rendered.name.values(of: .commonName) == ["cost $5 ${hostname}"])
    }

    @Test(arguments: ["CN=$", "CN=$hostname", "CN=${hostname", "CN=a$b$$"])
    func `a dollar alone is refused`(name: String) {
        #expect(code(template(name)) == .invalidTemplate)
    }

    @Test(arguments: ["CN=${}", "CN=${host}", "CN=${HOSTNAME}", "CN=${ hostname}", "CN=${a${hostname}"])
    func `an unknown variable is refused and named`(name: String) throws {
        let fault = try #require(throws: ProfileFault.self) { try template(name).render(facts) }
        #expect(fault.code == .unknownVariable)
        #expect(fault.got?.hasPrefix("${") == true)
        for variable in TemplateVariable.allCases { #expect(fault.code.remedy.contains("${\(variable.rawValue)}")) }
    }

    @Test func `every unknown or empty value is named at once`() throws {
        let fault = try #require(throws: ProfileFault.self) {
            try template("CN=${serial_number}", "DNS:${fqdn}", "DNS:${hostname}").render([
                .serialNumber: "", .hostname: "laptop",
            ])
        }
        #expect(fault.code == .emptyVariable)
        #expect(fault.got == "nothing for ${fqdn}, ${serial_number}")
    }

    @Test(arguments: [
        "x,O=Evil", "a+OU=b", "#04", " lead", "trail ", #"back\slash"#, "q\"uote", "a;b", "<>", "ü", "${fqdn}", "a=b",
    ])
    func `a value in a name stays one value`(value: String) throws {
        let rendered = try template("CN=${serial_number},O=Example").render([.serialNumber: value])
        #expect(rendered.name.values(of: .commonName) == [value])
        #expect(rendered.name.relativeNames.count == 2)
    }

    @Test(arguments: ["", "  ", "laptop", "CN", "XX=1", "CN=a,,O=b", "C=Germany", "CN="])
    func `what is no name is refused`(name: String) { #expect(code(template(name)) == .invalidSubject) }

    @Test func `a value too long for its attribute is refused`() {
        #expect(code(template("CN=${hostname}"), [.hostname: String(repeating: "a", count: 65)]) == .invalidSubject)
    }

    @Test func `a check sees what no machine could render`() throws {
        try SubjectTemplate.check(name: "CN=${serial_number}-${mac},O=Example")
        try SubjectTemplate.check(alternativeName: "DNS:${serial_number}.${hostname}.example.com")
        #expect(throws: ProfileFault.self) { try SubjectTemplate.check(name: "CN=${serial_number},O") }
        #expect(throws: ProfileFault.self) { try SubjectTemplate.check(alternativeName: "IP:${hostname}") }
    }

    @Test func `a renewal asks for the subject that the PKI wrote, where root's file names or takes that`() throws {
        let name = try DistinguishedName(rfc4514: "CN=device")
        let issued = try DistinguishedName(rfc4514: "CN=4711")
        func asked(_ accepted: AcceptedSubject) -> DistinguishedName {
            RenderedSubject(name: name, alternativeNames: [], accepted: accepted).renewing(issued)
        }
        #expect(asked(.name(issued)) == issued)
        #expect(asked(.any) == issued)
        // The file was edited since.
        #expect(asked(.name(name)) == name)
    }
}
