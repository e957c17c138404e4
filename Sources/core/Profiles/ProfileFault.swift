package import Faults

/// What is wrong with a value that an admin wrote, or with what this machine fills into it.
package typealias ProfileFault = Fault<ProfileFaultCode>

/// The reasons. `remedy` says what to do about each.
package enum ProfileFaultCode: String, FaultCode, CaseIterable {
    /// `$` stands alone, or `${` is not closed.
    case invalidTemplate = "invalid-template"
    /// `${…}` names no variable.
    case unknownVariable = "unknown-variable"
    /// This machine has no value for a variable that the template uses.
    case emptyVariable = "empty-variable"
    /// Not a distinguished name.
    case invalidSubject = "invalid-subject"
    /// Not a subject alternative name of a kind and form that Signet asks for.
    case invalidAlternativeName = "invalid-alternative-name"
    /// Not an http or https URL that Signet calls.
    case invalidURL = "invalid-url"
    /// Not an HTTP proxy's URL.
    case invalidProxy = "invalid-proxy"
    /// Not a SHA-256 fingerprint.
    case invalidFingerprint = "invalid-fingerprint"
    /// Not a plain absolute path.
    case invalidPath = "invalid-path"
    /// Not the name of a file in the credentials folder.
    case invalidCredentialName = "invalid-credential-name"
    /// Not a program with its arguments.
    case invalidCommand = "invalid-command"
    /// Not the name of a group.
    case invalidGroup = "invalid-group"
    /// Not a CA's identifier, or a transaction's id.
    case invalidIdentifier = "invalid-identifier"
    /// A number beyond its limits, or one that is not on the list.
    case outOfRange = "out-of-range"
    /// Two values that exclude each other.
    case contradiction
}

extension ProfileFaultCode {
    /// What to do about it: a phrase in the imperative.
    package var remedy: String {
        switch self {
        case .invalidTemplate: "write a variable as ${name}, and a literal '$' as '$$'"
        case .unknownVariable:
            "use one of \(TemplateVariable.allCases.map { "${\($0.rawValue)}" }.joined(separator: ", "))"
        case .emptyVariable: "give the machine that value, or write the profile without the variable"
        case .invalidSubject: "write it as RFC 4514 does, like CN=${serial_number},O=Example"
        case .invalidAlternativeName: "write DNS:name, URI:uri, email:address or IP:address"
        case .invalidURL: "write it like https://pki.example.com/scep"
        case .invalidProxy: "write it like http://proxy.example.com:3128"
        case .invalidFingerprint: "compute SHA-256 with: openssl x509 -in ca.pem -noout -fingerprint -sha256"
        case .invalidPath: "write the whole path from '/', without '.', '..' or doubled '/'"
        case .invalidCredentialName: "name a file in /etc/signet/credentials"
        case .invalidCommand: "write it like [\"/usr/local/bin/tool\", \"argument\"]"
        case .invalidGroup: "name a group that 'getent group' lists"
        case .invalidIdentifier: "use letters, digits, spaces and '()+,-./:=?"
        case .outOfRange: "choose a value within the limits"
        case .contradiction: "remove one of them"
        }
    }
}
