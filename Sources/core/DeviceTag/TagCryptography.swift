package import FoundationEssentials
package import Secrets
package import X509

/// What judging a device tag needs of a cryptographic library. A port: OpenSSL implements it.
package protocol TagCryptography: Sendable {
    /// Signs fresh random bytes with the key and verifies the signature with the certificate's public key.
    func provesPossession(of key: Secret, for certificate: Certificate) throws -> Bool

    /// The DER SubjectPublicKeyInfo that belongs to a private key.
    func publicKeyInfo(of key: Secret) throws -> [UInt8]

    /// Builds and checks a path from `leaf` to any of `anchors`, partial chains allowed: leaf first, anchor last.
    func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate]

    /// Whether `issuer`'s key made the signature on a CRL (DER).
    func isSignature(ofRevocationList der: [UInt8], madeBy issuer: Certificate) -> Bool
}
