/// A distinguished name: its DER, and RFC 4514 text in both directions.
///
/// `==` compares DER. `matches(_:)` compares as RFC 5280 §7.1 asks: attribute by attribute, ignoring case, string
/// type and surplus white space, since CAs re-encode what was requested.
package struct DistinguishedName: Sendable, Hashable {
    /// DER of the Name (an RDNSequence).
    package let der: [UInt8]
    /// The relative names in the order of their DER, which is the reverse of their order in text.
    package let relativeNames: [[NameAttribute]]

    /// Most relative names, and most attributes in one.
    static let limit = 64

    package static func == (one: DistinguishedName, other: DistinguishedName) -> Bool { one.der == other.der }
    package func hash(into hasher: inout Hasher) { hasher.combine(der) }

    /// Reads one Name, strict DER, with nothing after it.
    package init(der: [UInt8]) throws(X509Fault) {
        var cursor = try DERCursor(der, reading: "the distinguished name", limits: DERLimits(bytes: 64 * 1024))
        self = try cursor.readName()
        try cursor.finish()
    }

    init(der: [UInt8], relativeNames: [[NameAttribute]]) {
        self.der = der
        self.relativeNames = relativeNames
    }

    /// Whether the name has no attribute.
    package var isEmpty: Bool { relativeNames.isEmpty }

    /// The values of one attribute that are text, in DER order.
    package func values(of type: ObjectIdentifier) -> [String] {
        relativeNames.joined().filter { $0.type == type }.compactMap(\.text)
    }

    /// Whether both names have the same attributes in the same order, ignoring case, string type and white space at
    /// the ends or doubled inside.
    package func matches(_ other: DistinguishedName) -> Bool {
        if der == other.der { return true }
        guard relativeNames.count == other.relativeNames.count else { return false }
        return zip(relativeNames, other.relativeNames).allSatisfy { one, other in
            one.count == other.count && Set(one.map(\.comparable)) == Set(other.map(\.comparable))
        }
    }
}

/// One attribute of a relative distinguished name.
package struct NameAttribute: Sendable, Hashable {
    package let type: ObjectIdentifier
    /// The value as a whole element.
    package let value: [UInt8]
    /// The value as text; nil where it is no character string.
    package let text: String?

    /// Type and value in a form in which matching attributes are equal.
    fileprivate var comparable: [String] {
        guard let text else { return ["\(type)", "#" + Hexadecimal.string(value)] }
        let words = text.lowercased().split { $0 == " " }
        return ["\(type)", words.joined(separator: " ")]
    }
}

extension DERCursor {
    /// A Name (RFC 5280 §4.1.2.4): at most 64 relative names of at most 64 attributes.
    package mutating func readName() throws(X509Fault) -> DistinguishedName {
        let sequence = try next(.sequence)
        var names = try inside(sequence)
        var relativeNames: [[NameAttribute]] = []
        while !names.isAtEnd {
            var attributes: [NameAttribute] = []
            try names.read(.set) { (set) throws(X509Fault) in
                repeat {
                    guard attributes.count < DistinguishedName.limit else { throw set.tooLong }
                    attributes.append(try set.readNameAttribute())
                } while !set.isAtEnd
            }
            guard relativeNames.count < DistinguishedName.limit else { throw names.tooLong }
            relativeNames.append(attributes)
        }
        return DistinguishedName(der: encoding(of: sequence), relativeNames: relativeNames)
    }

    private var tooLong: X509Fault {
        fault(.limitExceeded, expected: "a name of at most \(DistinguishedName.limit) parts")
    }

    private mutating func readNameAttribute() throws(X509Fault) -> NameAttribute {
        try readSequence { (inner) throws(X509Fault) in
            let type = try inner.readObjectIdentifier()
            let element = try inner.next()
            return NameAttribute(type: type, value: inner.encoding(of: element), text: inner.text(of: element))
        }
    }
}
