/// An ASN.1 object identifier, held as its DER content octets.
package struct ObjectIdentifier: Sendable, Hashable {
    /// The content octets, without tag and length.
    package let content: [UInt8]

    package init(content: [UInt8]) {
        self.content = content
    }

    /// From arcs that the source code names; the first two are packed as X.690 §8.19.4 says.
    package init(_ arcs: UInt64...) {
        self.init(arcs: arcs)
    }

    private init(arcs: [UInt64]) {
        var content: [UInt8] = []
        let packed = arcs.count > 1 ? [arcs[0] &* 40 &+ arcs[1]] + arcs.dropFirst(2) : arcs
        for arc in packed {
            var groups = [UInt8(arc & 0x7F)]
            var rest = arc >> 7
            while rest > 0 {
                groups.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            content += groups.reversed()
        }
        self.content = content
    }

    /// From text like `1.3.6.1`; nil where it is no identifier, or an arc has more than 63 bits.
    package init?(dotted text: some StringProtocol) {
        var arcs: [UInt64] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), part == "0" || !part.hasPrefix("0"),
                let arc = UInt64(part), arc < 1 << 63, arcs.count < 32
            else { return nil }
            arcs.append(arc)
        }
        guard arcs.count >= 2, arcs[0] < 2 ? arcs[1] < 40 : arcs[0] == 2 && arcs[1] < 1 << 62 else { return nil }
        self.init(arcs: arcs)
    }
}

extension ObjectIdentifier: CustomStringConvertible {
    /// Dotted decimal; arcs may have any size. Octets that are no identifier print as hexadecimal.
    package var description: String {
        guard let last = content.last, last < 0x80 else { return "0x" + Hexadecimal.string(content) }
        var arcs: [String] = []
        // Decimal digits of the arc so far, lowest first: arcs of 128 bits (2.25, UUIDs) do occur.
        var digits: [UInt8] = [0]
        for octet in content {
            var carry = Int(octet & 0x7F)
            for index in digits.indices {
                carry += Int(digits[index]) * 128
                digits[index] = UInt8(carry % 10)
                carry /= 10
            }
            while carry > 0 {
                digits.append(UInt8(carry % 10))
                carry /= 10
            }
            guard octet < 0x80 else { continue }
            arcs.append(String(decoding: digits.reversed().map { $0 + 0x30 }, as: UTF8.self))
            digits = [0]
        }
        if let first = UInt64(arcs[0]) {
            let root = min(first / 40, 2)
            arcs[0] = "\(root).\(first - root * 40)"
        }
        return arcs.joined(separator: ".")
    }
}
