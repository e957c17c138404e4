/// An ASN.1 object identifier, held as its DER content octets.
package struct ObjectIdentifier: Sendable, Hashable {
    /// The content octets, without tag and length.
    package let content: [UInt8]

    package init(content: [UInt8]) {
        self.content = content
    }

    /// From arcs that the source code names; the first two are packed as X.690 §8.19.4 says.
    package init(_ arcs: UInt64...) {
        var content: [UInt8] = []
        let packed = arcs.count > 1 ? [arcs[0] * 40 + arcs[1]] + arcs.dropFirst(2) : arcs
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
}
