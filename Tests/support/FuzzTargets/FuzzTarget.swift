/// A way in for bytes that somebody else made: a parser as the programs use it, and what holds for it whatever comes.
///
/// The fuzzer and the tests of the corpus share it, so that what one finds the other keeps.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// The answer to GetCACaps.
    case capabilities
    /// The answer to GetCACert: a certificate, or a bundle of them.
    case caCertificates = "ca-certificates"
    /// A CertRep from its outermost byte to the issued certificate. The first byte chooses the layer; see `ReplyLayer`.
    case certRep = "cert-rep"
    /// ASN.1 in both encodings, and every reader of a simple type.
    case derCursor = "der-cursor"
    /// A CRL, as it is fetched and judged.
    case revocationList = "revocation-list"
    /// A profile, and the agent's settings.
    case profile
    /// A stream of Varlink messages. The first byte says how it is cut on its way.
    case varlinkFrame = "varlink-frame"
    /// What a management endpoint answers, from HTTP's first byte to what it means for the report.
    case endpointAnswer = "endpoint-answer"

    /// Hands the bytes to the parser.
    ///
    /// - Returns: whether it made something of them; a refusal is as good.
    /// - Throws: `Finding` where something does not hold that must hold for all bytes.
    @discardableResult public func run(_ bytes: [UInt8]) throws -> Bool {
        switch self {
        case .capabilities: try CapabilitiesTarget.run(bytes)
        case .caCertificates: try CACertificatesTarget.run(bytes)
        case .certRep: try CertRepTarget.run(bytes)
        case .derCursor: try CursorTarget.run(bytes)
        case .revocationList: try RevocationListTarget.run(bytes)
        case .profile: try ProfileTarget.run(bytes)
        case .varlinkFrame: try VarlinkTarget.run(bytes)
        case .endpointAnswer: try EndpointTarget.run(bytes)
        }
    }

    /// Bytes that the parser takes, by a name each: where the fuzzer begins, and where truncation and damage begin.
    public func examples() throws -> [(name: String, bytes: [UInt8])] {
        switch self {
        case .capabilities: CapabilitiesTarget.examples
        case .caCertificates: try CACertificatesTarget.examples()
        case .certRep: try CertRepTarget.examples()
        case .derCursor: try CursorTarget.examples()
        case .revocationList: try RevocationListTarget.examples()
        case .profile: ProfileTarget.examples
        case .varlinkFrame: VarlinkTarget.examples
        case .endpointAnswer: EndpointTarget.examples
        }
    }
}

/// What must hold for all bytes, and does not for these.
public struct Finding: Error, CustomStringConvertible {
    /// The rule, and what breaks it.
    public let description: String

    init(_ rule: String) { description = rule }
}

func hold(_ condition: Bool, _ rule: @autoclosure () -> String) throws(Finding) {
    guard condition else { throw Finding(rule()) }
}

/// What is refused is said in one line that steers no terminal and forges no line of a log, whatever the bytes were.
func holdPrintable(_ message: String) throws(Finding) {
    // Nearly all of them are ASCII, which is seen at once.
    if message.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return }
    let isPlain = message.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
    try hold(isPlain, "a message holds control characters: \(message.debugDescription)")
}
