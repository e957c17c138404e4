/// What X.520, RFC 4519 and RFC 5280 appendix A say of an attribute type that names are made of.
package struct NameAttributeType: Sendable {
    /// As RFC 4514 text spells it; compared ignoring case.
    package let name: String
    package let identifier: ObjectIdentifier
    /// The string type it is written as; nil means PrintableString where the alphabet allows it, else UTF8String.
    let string: DERTag?
    /// Most characters.
    let limit: Int

    private init(_ name: String, _ identifier: ObjectIdentifier, _ string: DERTag? = nil, limit: Int) {
        self.name = name
        self.identifier = identifier
        self.string = string
        self.limit = limit
    }

    /// The types that have names here; others are written as dotted identifiers.
    package static let known = [
        NameAttributeType("CN", .commonName, limit: 64),
        NameAttributeType("SN", ObjectIdentifier(2, 5, 4, 4), limit: 64),
        NameAttributeType("serialNumber", ObjectIdentifier(2, 5, 4, 5), .printableString, limit: 64),
        NameAttributeType("C", ObjectIdentifier(2, 5, 4, 6), .printableString, limit: 2),
        NameAttributeType("L", ObjectIdentifier(2, 5, 4, 7), limit: 128),
        NameAttributeType("ST", ObjectIdentifier(2, 5, 4, 8), limit: 128),
        NameAttributeType("STREET", ObjectIdentifier(2, 5, 4, 9), limit: 128),
        NameAttributeType("O", ObjectIdentifier(2, 5, 4, 10), limit: 64),
        NameAttributeType("OU", ObjectIdentifier(2, 5, 4, 11), limit: 64),
        NameAttributeType("title", ObjectIdentifier(2, 5, 4, 12), limit: 64),
        NameAttributeType("GN", ObjectIdentifier(2, 5, 4, 42), limit: 64),
        NameAttributeType("UID", ObjectIdentifier(0, 9, 2342, 19_200_300, 100, 1, 1), limit: 256),
        NameAttributeType("DC", ObjectIdentifier(0, 9, 2342, 19_200_300, 100, 1, 25), .ia5String, limit: 63),
        NameAttributeType("emailAddress", ObjectIdentifier(1, 2, 840, 113549, 1, 9, 1), .ia5String, limit: 255),
    ]

    /// The type that text names, `E` standing for emailAddress; nil where there is none.
    static func named(_ name: String) -> NameAttributeType? {
        let name = name.lowercased()
        return known.first { $0.name.lowercased() == (name == "e" ? "emailaddress" : name) }
    }

    static func identified(_ identifier: ObjectIdentifier) -> NameAttributeType? {
        known.first { $0.identifier == identifier }
    }

    /// The value as a whole element.
    ///
    /// - Throws: what is wrong with the value, as a phrase.
    static func encode(_ value: String, as type: NameAttributeType?) throws(InvalidValue) -> [UInt8] {
        guard !value.isEmpty else { throw InvalidValue(expected: "a value that is not empty") }
        let limit = type?.limit ?? 256
        guard value.unicodeScalars.count <= limit else { throw InvalidValue(expected: "at most \(limit) characters") }
        switch type?.string {
        case .printableString?:
            guard isPrintable(value) else {
                throw InvalidValue(expected: "letters, digits, spaces and '()+,-./:=? only")
            }
            if limit == 2, value.utf8.count != 2 || !value.utf8.allSatisfy(isLetter) {
                throw InvalidValue(expected: "a country code of two letters")
            }
            return DERWriter.string(.printableString, value)
        case .ia5String?:
            guard value.utf8.allSatisfy({ $0 < 0x80 }) else { throw InvalidValue(expected: "ASCII only") }
            return DERWriter.string(.ia5String, value)
        default:
            return DERWriter.string(isPrintable(value) ? .printableString : .utf8String, value)
        }
    }

    struct InvalidValue: Error {
        let expected: String
    }

    /// The alphabet of PrintableString (X.680 §41.4).
    private static func isPrintable(_ value: String) -> Bool {
        value.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || " '()+,-./:=?".utf8.contains($0) }
    }

    private static func isLetter(_ octet: UInt8) -> Bool {
        (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet)
    }
}

extension ObjectIdentifier {
    package static let commonName = ObjectIdentifier(2, 5, 4, 3)
}
