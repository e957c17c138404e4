import DeviceTag
import OpenSSLCrypto
import SCEP
import Secrets
import TestCryptography
import TestPKI
import X509

/// OpenSSL with a key at hand: one that is still being made when the last test ends would find the library taken down.
struct KeyAtHand: WrappedOpenSSL, TagCryptography {
    let library = OpenSSL()
    private let next: @Sendable () -> TestKey

    /// - Parameter next: what the next key is.
    init(_ next: @escaping @Sendable () -> TestKey = { .other }) { self.next = next }

    func generateKey(_ kind: KeyKind) throws -> Secret { next().secret }

    func provesPossession(of key: Secret, for certificate: Certificate) throws -> Bool {
        try library.provesPossession(of: key, for: certificate)
    }
}
