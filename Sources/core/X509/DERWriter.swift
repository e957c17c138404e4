/// Builds DER, inside out: each function returns one whole element.
package enum DERWriter {
    /// An element with the shortest definite length (X.690 §10.1).
    package static func element(_ tag: DERTag, _ content: [UInt8]) -> [UInt8] {
        header(tag, count: content.count) + content
    }

    /// Identifier and length octets of an element with `count` content octets.
    package static func header(_ tag: DERTag, count: Int) -> [UInt8] {
        guard count >= 0x80 else { return [tag.rawValue, UInt8(count)] }
        var length: [UInt8] = []
        var rest = count
        while rest > 0 {
            length.append(UInt8(rest & 0xFF))
            rest >>= 8
        }
        return [tag.rawValue, 0x80 | UInt8(length.count)] + length.reversed()
    }

    /// A SEQUENCE of whole elements.
    package static func sequence(_ elements: [UInt8]...) -> [UInt8] {
        element(.sequence, elements.flatMap { $0 })
    }

    /// A SET OF whole elements, in ascending order of their encodings (X.690 §11.6).
    package static func setOf(_ elements: [[UInt8]]) -> [UInt8] {
        element(.set, elements.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 })
    }

    /// An INTEGER from its content octets, which have to be in two's complement already.
    package static func integer(content: [UInt8]) -> [UInt8] { element(.integer, content) }

    /// A small INTEGER.
    package static func integer(_ value: UInt32) -> [UInt8] {
        var content: [UInt8] = []
        var rest = value
        repeat {
            content.append(UInt8(rest & 0xFF))
            rest >>= 8
        } while rest > 0
        if content.last.map({ $0 >= 0x80 }) == true { content.append(0) }
        return element(.integer, content.reversed())
    }

    package static func objectIdentifier(_ identifier: ObjectIdentifier) -> [UInt8] {
        element(.objectIdentifier, identifier.content)
    }

    package static func octetString(_ octets: [UInt8]) -> [UInt8] { element(.octetString, octets) }

    /// A BIT STRING of whole octets.
    package static func bitString(_ octets: [UInt8]) -> [UInt8] { element(.bitString, [0] + octets) }

    /// A character string whose UTF-8 octets are its encoding under `tag`: UTF8String and the ASCII kinds.
    package static func string(_ tag: DERTag, _ text: String) -> [UInt8] { element(tag, Array(text.utf8)) }

    /// An AlgorithmIdentifier; `parameters` is a whole element, none by default.
    package static func algorithm(_ identifier: ObjectIdentifier, parameters: [UInt8] = []) -> [UInt8] {
        sequence(objectIdentifier(identifier), parameters)
    }
}
