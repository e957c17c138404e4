import Faults

/// Reads the grammar of RFC 4514 §3.
struct DistinguishedNameReader {
    private let text: String
    private let octets: [UInt8]
    private var position = 0

    /// Most bytes of text.
    private static let limit = 8192

    init(_ text: String) {
        self.text = text
        octets = Array(text.utf8)
    }

    /// The relative names in DER order.
    mutating func read() throws(X509Fault) -> [[NameAttribute]] {
        guard octets.count <= Self.limit else { throw fault(expected: "at most \(Self.limit) bytes") }
        skipSpaces()
        guard next != nil else { return [] }
        var names: [[NameAttribute]] = []
        repeat {
            var attributes: [NameAttribute] = []
            repeat {
                attributes.append(try readAttribute())
            } while take(UInt8(ascii: "+"))
            names.append(attributes)
            guard names.count <= DistinguishedName.limit, attributes.count <= DistinguishedName.limit else {
                throw fault(expected: "at most \(DistinguishedName.limit) parts")
            }
        } while take(UInt8(ascii: ","))
        guard next == nil else { throw fault(expected: "',' or '+' between parts, or '\\' before a special character") }
        return names.reversed()
    }

    private mutating func readAttribute() throws(X509Fault) -> NameAttribute {
        skipSpaces()
        let start = position
        while let octet = next, octet != UInt8(ascii: "="), octet != UInt8(ascii: ",") { position += 1 }
        let name = String(decoding: octets[start..<position], as: UTF8.self)
            .split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        guard take(UInt8(ascii: "=")) else { throw fault(expected: "an attribute like CN=value", got: name) }
        let known = NameAttributeType.named(name)
        guard let type = known?.identifier ?? ObjectIdentifier(dotted: name) else {
            let names = NameAttributeType.known.map(\.name).joined(separator: ", ")
            throw fault(expected: "an attribute of \(names), or a dotted identifier", got: name)
        }
        skipSpaces()
        if next == UInt8(ascii: "#") { return NameAttribute(type: type, value: try readHexadecimal(), text: nil) }
        let value = try readString()
        do {
            let encoded = try NameAttributeType.encode(value, as: known ?? NameAttributeType.identified(type))
            return NameAttribute(type: type, value: encoded, text: value)
        } catch {
            throw fault(expected: "\(error.expected) in \(name)", got: value)
        }
    }

    /// A hexstring: the DER of the value, one element.
    private mutating func readHexadecimal() throws(X509Fault) -> [UInt8] {
        position += 1
        let start = position
        while let octet = next, Hexadecimal.value(octet) != nil { position += 1 }
        let digits = octets[start..<position]
        skipSpaces()
        guard let value = Hexadecimal.bytes(digits) else { throw fault(expected: "pairs of hexadecimal digits") }
        var cursor = try DERCursor(value, reading: "the value after '#' in the distinguished name")
        _ = try cursor.next()
        try cursor.finish()
        return value
    }

    /// A string with its escapes undone; unescaped spaces at its end are none of it.
    private mutating func readString() throws(X509Fault) -> String {
        var value: [UInt8] = []
        var end = 0
        while let octet = next, octet != UInt8(ascii: ","), octet != UInt8(ascii: "+") {
            position += 1
            switch octet {
            case UInt8(ascii: "\\"):
                value.append(try readEscaped())
                end = value.count
            case UInt8(ascii: "\""), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: ">"), 0:
                let character = String(decoding: [octet], as: UTF8.self)
                throw fault(expected: "'\\' before a special character", got: DistinguishedName.escape(character))
            default:
                value.append(octet)
                if octet != UInt8(ascii: " ") { end = value.count }
            }
        }
        guard let string = String(validating: value[..<end], as: UTF8.self) else {
            throw fault(expected: "escapes that make UTF-8")
        }
        return string
    }

    /// What follows a backslash: a special character, or two hexadecimal digits.
    private mutating func readEscaped() throws(X509Fault) -> UInt8 {
        guard let octet = next else { throw fault(expected: "a character after '\\'") }
        position += 1
        if " \"#+,;<=>\\".utf8.contains(octet) { return octet }
        guard let high = Hexadecimal.value(octet), let low = next.flatMap(Hexadecimal.value) else {
            throw fault(expected: "a special character or two hexadecimal digits after '\\'")
        }
        position += 1
        return high << 4 | low
    }

    private var next: UInt8? { position < octets.count ? octets[position] : nil }

    private mutating func skipSpaces() {
        while next == UInt8(ascii: " ") { position += 1 }
    }

    private mutating func take(_ octet: UInt8) -> Bool {
        guard next == octet else { return false }
        position += 1
        return true
    }

    private func fault(expected: String, got: String? = nil) -> X509Fault {
        let place = "character \(position + 1)"
        return X509Fault(
            .invalidName, attempted: "read the distinguished name '\(text.prefix(256))'", expected: expected,
            got: got.map { "'\($0)', \(place)" } ?? place)
    }
}
