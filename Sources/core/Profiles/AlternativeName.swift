import Faults
import X509

/// One entry of `subject.alternative-names`: its kind, and a value that may hold variables.
struct AlternativeName {
    private enum Kind: String, CaseIterable {
        case dns = "DNS"
        case uri = "URI"
        case email
        case ip = "IP"
    }
    private let kind: Kind
    private let value: TemplateText
    private let text: String

    /// Throws `.invalidAlternativeName` where no known kind stands before a colon, `.invalidTemplate`,
    /// `.unknownVariable`.
    init(_ text: String) throws(ProfileFault) {
        self.text = text
        let prefix = text.prefix { $0 != ":" }
        guard prefix.endIndex < text.endIndex, let kind = Kind.allCases.first(where: { $0.rawValue == prefix }) else {
            throw Self.fault(text, expected: "DNS:, URI:, email: or IP: first", got: "'\(text.prefix(256))'")
        }
        self.kind = kind
        value = try TemplateText(String(text[prefix.endIndex...].dropFirst()))
    }

    /// The name with its values in place. Throws `.invalidAlternativeName`.
    func rendered(_ facts: [TemplateVariable: String]) throws(ProfileFault) -> GeneralName {
        switch kind {
        case .dns:
            let name = value.filled(from: facts) { $0 }
            guard HostName.isValid(name) else {
                throw refusal("labels of letters, digits and '-', at most 63 characters each and 253 in all", name)
            }
            return .dns(name)
        case .uri:
            let uri = value.filled(from: facts, escape: URIText.segment)
            guard URIText.isAbsolute(uri) else { throw refusal("a URI with a scheme, ASCII only (RFC 3986)", uri) }
            return .uri(uri)
        case .email:
            let address = value.filled(from: facts) { $0 }
            guard Self.isMailbox(address) else { throw refusal("an address like name@example.com", address) }
            return .email(address)
        case .ip:
            let address = value.filled(from: facts) { $0 }
            guard let octets = InternetAddress.octets(address) else {
                throw refusal("an IPv4 or IPv6 address", address)
            }
            return .ipAddress(octets)
        }
    }

    /// Dot-atom "@" host (RFC 5280 §4.2.1.6 takes RFC 2821's Mailbox; quoted local parts are refused).
    private static func isMailbox(_ text: String) -> Bool {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].utf8.count <= 64, HostName.isValid(String(halves[1])) else { return false }
        return halves[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.utf8.allSatisfy { ASCII.isAlphanumeric($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
        }
    }

    private func refusal(_ expected: String, _ got: String) -> ProfileFault {
        Self.fault(text, expected: "\(kind.rawValue): with \(expected)", got: "'\(got.prefix(256))'")
    }

    private static func fault(_ text: String, expected: String, got: String) -> ProfileFault {
        ProfileFault(
            .invalidAlternativeName, attempted: "read the alternative name '\(text.prefix(256))'", expected: expected,
            got: got)
    }
}
