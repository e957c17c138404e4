/// The elliptic curves that keys are made on (RFC 5480 §2.1.1.1). Raw values are their names in FIPS 186-5.
package enum NamedCurve: String, Sendable, Hashable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"

    package var identifier: ObjectIdentifier {
        switch self {
        case .p256: .p256
        case .p384: .p384
        }
    }
}
