/// The kinds of subjectAltName that Signet asks for or compares (RFC 5280 §4.2.1.6).
package enum GeneralName: Sendable, Hashable {
    case dns(String)
    case email(String)
    case uri(String)
    case ipAddress([UInt8])
    /// Any other kind, as its DER.
    case other([UInt8])
}

extension DERCursor {
    /// GeneralNames, at most 256. A name of a known kind whose content is not of that kind (control characters,
    /// an address of 5 octets) becomes `.other`, so that it equals nothing that anyone asked for.
    package mutating func readGeneralNames() throws(X509Fault) -> [GeneralName] {
        try readSequence { (names) throws(X509Fault) in try names.readGeneralNamesToEnd() }
    }

    /// The same without the SEQUENCE around, as an implicit tag replaces it.
    package mutating func readGeneralNamesToEnd() throws(X509Fault) -> [GeneralName] {
        var all: [GeneralName] = []
        while !isAtEnd {
            guard all.count < 256 else { throw fault(.limitExceeded, expected: "at most 256 names") }
            let element = try next()
            all.append(generalName(element))
        }
        return all
    }

    private func generalName(_ element: DERElement) -> GeneralName {
        let octets = bytes[element.content]
        let text = octets.allSatisfy { (0x20...0x7E).contains($0) } ? String(decoding: octets, as: UTF8.self) : nil
        switch (element.tag, text) {
        case (.contextPrimitive(1), let text?): return .email(text)
        case (.contextPrimitive(2), let text?): return .dns(text)
        case (.contextPrimitive(6), let text?): return .uri(text)
        case (.contextPrimitive(7), _) where octets.count == 4 || octets.count == 16: return .ipAddress(Array(octets))
        default: return .other(encoding(of: element))
        }
    }
}
