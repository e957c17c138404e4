/// One identifier octet (X.690 §8.1.2): class, the constructed bit and a tag number up to 30.
package struct DERTag: RawRepresentable, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Whether the content is itself a series of elements.
    package var isConstructed: Bool { rawValue & 0x20 != 0 }

    /// The same tag with the constructed bit set, as BER may encode strings.
    package var constructed: DERTag { DERTag(rawValue: rawValue | 0x20) }

    package static let boolean = DERTag(rawValue: 0x01)
    package static let integer = DERTag(rawValue: 0x02)
    package static let bitString = DERTag(rawValue: 0x03)
    package static let octetString = DERTag(rawValue: 0x04)
    package static let null = DERTag(rawValue: 0x05)
    package static let objectIdentifier = DERTag(rawValue: 0x06)
    package static let enumerated = DERTag(rawValue: 0x0A)
    package static let utf8String = DERTag(rawValue: 0x0C)
    package static let numericString = DERTag(rawValue: 0x12)
    package static let printableString = DERTag(rawValue: 0x13)
    package static let t61String = DERTag(rawValue: 0x14)
    package static let ia5String = DERTag(rawValue: 0x16)
    package static let utcTime = DERTag(rawValue: 0x17)
    package static let generalizedTime = DERTag(rawValue: 0x18)
    package static let visibleString = DERTag(rawValue: 0x1A)
    package static let universalString = DERTag(rawValue: 0x1C)
    package static let bmpString = DERTag(rawValue: 0x1E)
    package static let sequence = DERTag(rawValue: 0x30)
    package static let set = DERTag(rawValue: 0x31)

    /// `[number]` holding elements: an explicit tag, or an implicit one over a constructed type.
    package static func context(_ number: UInt8) -> DERTag { DERTag(rawValue: 0xA0 | (number & 0x1F)) }

    /// `[number]` holding octets: an implicit tag over a primitive type.
    package static func contextPrimitive(_ number: UInt8) -> DERTag { DERTag(rawValue: 0x80 | (number & 0x1F)) }
}

extension DERTag: CustomStringConvertible {
    package var description: String { "tag 0x" + Hexadecimal.string([rawValue]) }
}
