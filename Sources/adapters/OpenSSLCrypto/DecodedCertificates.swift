import COpenSSL
import Synchronization

/// Certificates that libcrypto has decoded: for every public key in one it searches all its decoders, and an exchange
/// asks for the same few certificates over and over. They hold nothing secret, and are only ever read.
@safe final class DecodedCertificates: @unchecked Sendable {
    static let shared = DecodedCertificates()

    /// More than one exchange and its judgement touch; beyond it they are all let go.
    private static let limit = 16

    /// `X509 *` by DER; each entry owns a reference.
    private let objects = unsafe Mutex<[[UInt8]: OpaquePointer]>([:])

    private init() {}

    /// The certificate with a reference of the caller's own; nil where the bytes are none.
    func object(_ der: [UInt8]) -> X509Object? {
        let object: OpaquePointer? = unsafe objects.withLock { objects in
            if let known = unsafe objects[der] {
                unsafe X509_up_ref(known)
                return unsafe known
            }
            let decoded: OpaquePointer? = unsafe decode(
                der, with: { unsafe d2i_X509(nil, $0, $1) }, free: { unsafe X509_free($0) })
            guard let decoded = unsafe decoded else { return nil }
            if unsafe objects.count >= Self.limit {
                unsafe objects.values.forEach { unsafe X509_free($0) }
                unsafe objects.removeAll()
            }
            unsafe X509_up_ref(decoded)
            unsafe objects[der] = unsafe decoded
            return unsafe decoded
        }
        guard let object = unsafe object else { return nil }
        return unsafe X509Object(owning: object)
    }
}
