/// The simple types.
extension DERCursor {
    package mutating func readBoolean() throws(X509Fault) -> Bool {
        let element = try next(.boolean)
        guard element.content.count == 1 else { throw invalid(element, "a BOOLEAN of one octet") }
        let octet = bytes[element.content.lowerBound]
        guard rules == .ber || octet == 0 || octet == 0xFF else { throw invalid(element, "a BOOLEAN of 00 or FF") }
        return octet != 0
    }

    /// The content octets of an INTEGER: big-endian two's complement, as short as can be (X.690 §8.3.2).
    package mutating func readInteger() throws(X509Fault) -> [UInt8] {
        content(of: try nextInteger())
    }

    /// An INTEGER from 0 to 2^31 - 1, as versions and counts are.
    package mutating func readSmallInteger() throws(X509Fault) -> Int {
        let element = try nextInteger()
        let octets = bytes[element.content]
        guard octets.count <= 4, let first = octets.first, first < 0x80 else {
            throw fault(.unexpectedValue, expected: "a small INTEGER", at: element.whole.lowerBound)
        }
        return octets.reduce(0) { $0 << 8 | Int($1) }
    }

    /// Reads an INTEGER, leaving its octets where they are.
    package mutating func nextInteger() throws(X509Fault) -> DERElement {
        let element = try next(.integer)
        let start = element.content.lowerBound
        switch element.content.count {
        case 0: throw invalid(element, "an INTEGER with content")
        case 1: return element
        default:
            let sign = bytes[start + 1] & 0x80
            guard !(bytes[start] == 0 && sign == 0), !(bytes[start] == 0xFF && sign != 0) else {
                throw invalid(element, "the shortest INTEGER")
            }
            return element
        }
    }

    package mutating func readObjectIdentifier() throws(X509Fault) -> ObjectIdentifier {
        let element = try next(.objectIdentifier)
        let octets = bytes[element.content]
        guard let last = octets.last, last < 0x80, octets.count <= 64 else {
            throw invalid(element, "an OBJECT IDENTIFIER of whole arcs")
        }
        var startsArc = true
        for octet in octets {
            guard !(startsArc && octet == 0x80) else { throw invalid(element, "the shortest arcs") }
            startsArc = octet < 0x80
        }
        return ObjectIdentifier(content: Array(octets))
    }

    /// A BIT STRING of whole octets, as keys and signatures are.
    package mutating func readBitString() throws(X509Fault) -> [UInt8] {
        let element = try next(.bitString)
        guard element.content.count >= 1, bytes[element.content.lowerBound] == 0 else {
            throw invalid(element, "a BIT STRING of whole octets")
        }
        return Array(bytes[element.content.dropFirst()])
    }

    /// A BIT STRING of named bits, bit 0 lowest, up to bit 15; later ones are ignored.
    package mutating func readNamedBits() throws(X509Fault) -> UInt16 {
        let element = try next(.bitString)
        let octets = bytes[element.content]
        guard let unused = octets.first, unused < 8, octets.count > 1 || unused == 0 else {
            throw invalid(element, "a BIT STRING")
        }
        var bits: UInt16 = 0
        for (index, octet) in octets.dropFirst().prefix(2).enumerated() {
            for bit in 0..<8 where octet & (0x80 >> UInt8(bit)) != 0 {
                bits |= 1 << UInt16(index * 8 + bit)
            }
        }
        return bits
    }

    /// The octets of an OCTET STRING; under BER its segments put together (X.690 §8.7.3).
    ///
    /// - Parameter tag: the primitive tag, where it is implicitly tagged.
    package mutating func readOctetString(_ tag: DERTag = .octetString) throws(X509Fault) -> [UInt8] {
        if rules == .ber, nextTag == tag.constructed {
            var octets: [UInt8] = []
            try inside(try next()).appendSegments(to: &octets)
            return octets
        }
        return content(of: try next(tag))
    }

    private func appendSegments(to octets: inout [UInt8]) throws(X509Fault) {
        var cursor = self
        while !cursor.isAtEnd {
            if cursor.nextTag == DERTag.octetString.constructed {
                try cursor.inside(try cursor.next()).appendSegments(to: &octets)
            } else {
                octets += bytes[try cursor.next(.octetString).content]
            }
        }
    }

    /// The text of a character string; nil where the element is none, or its octets are no such text.
    ///
    /// T61String is read as Latin-1, as everybody does. PrintableString and its kin may hold any ASCII: certificates
    /// with `@` or `*` in one are about.
    package func text(of element: DERElement) -> String? {
        let octets = bytes[element.content]
        switch element.tag {
        case .utf8String:
            return String(validating: octets, as: UTF8.self)
        case .printableString, .ia5String, .visibleString, .numericString:
            return octets.allSatisfy { $0 < 0x80 } ? String(decoding: octets, as: UTF8.self) : nil
        case .t61String:
            return String(String.UnicodeScalarView(octets.map { Unicode.Scalar($0) }))
        case .bmpString: return wideText(octets, unit: 2)
        case .universalString: return wideText(octets, unit: 4)
        default: return nil
        }
    }

    private func wideText(_ octets: ArraySlice<UInt8>, unit: Int) -> String? {
        guard octets.count.isMultiple(of: unit) else { return nil }
        var scalars = String.UnicodeScalarView()
        var value: UInt32 = 0
        for (index, octet) in octets.enumerated() {
            value = value << 8 | UInt32(octet)
            guard index % unit == unit - 1 else { continue }
            guard let scalar = Unicode.Scalar(value) else { return nil }
            scalars.append(scalar)
            value = 0
        }
        return String(scalars)
    }

    /// A fault about an element that was read already.
    package func invalid(_ element: DERElement, _ expected: String) -> X509Fault {
        fault(.invalidEncoding, expected: expected, at: element.whole.lowerBound)
    }
}
