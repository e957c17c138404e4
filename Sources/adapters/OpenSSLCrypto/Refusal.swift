import COpenSSL

/// Why libcrypto refused a path, and at which certificate.
struct Refusal {
    /// Whether it was a certificate's validity that failed.
    let isAboutTime: Bool
    /// "certificate has expired, at depth 1: CN=Issuing CA"; depth 0 is the leaf.
    let text: String

    /// - Parameter context: `X509_STORE_CTX *` after X509_verify_cert(3) failed.
    @unsafe init(of context: OpaquePointer) {
        let error = unsafe X509_STORE_CTX_get_error(context)
        isAboutTime = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID
        let reason = unsafe String(cString: X509_verify_cert_error_string(Int(error)))
        let depth = unsafe X509_STORE_CTX_get_error_depth(context)
        text = "\(reason), at depth \(depth)"
    }
}
