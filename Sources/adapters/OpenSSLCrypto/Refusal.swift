import COpenSSL
import X509

/// Why libcrypto refused a path, and at which certificate.
struct Refusal {
    /// Whether it was a certificate's validity that failed.
    let isAboutTime: Bool
    /// "certificate has expired, at depth 1: CN=Issuing CA"; depth 0 is the leaf.
    let text: String

    /// - Parameters:
    ///   - context: `X509_STORE_CTX *` after X509_verify_cert(3) failed.
    ///   - value: the certificate that a `X509 *` was made from.
    @unsafe init(of context: OpaquePointer, naming value: (OpaquePointer?) -> Certificate?) {
        let error = unsafe X509_STORE_CTX_get_error(context)
        isAboutTime = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID
        let reason = unsafe String(cString: X509_verify_cert_error_string(Int(error)))
        let depth = unsafe X509_STORE_CTX_get_error_depth(context)
        let subject = unsafe value(X509_STORE_CTX_get_current_cert(context))?.subject.description
        text = "\(reason), at depth \(depth)" + (subject.map { ": \($0)" } ?? "")
    }
}
