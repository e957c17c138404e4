/// A distinguished name: its DER, and RFC 4514 text in both directions.
///
/// `==` compares DER. `matches(_:)` compares as RFC 5280 §7.1 asks: attribute by attribute, ignoring case, string
/// type and surplus white space, since CAs re-encode what was requested.
package struct DistinguishedName: Sendable, Hashable {
    /// DER of the Name (an RDNSequence).
    package let der: [UInt8]
}
