import COpenSSL

/// A library context of its own in which single DES exists.
///
/// The process's own context never loads the legacy provider, so nothing else in the process can use it by accident.
/// Loading a provider by name switches off the one that is loaded by itself, hence `default` too.
@safe final class LegacyContext: @unchecked Sendable {
    /// The one context, made when it is first asked for and kept; nil where this OpenSSL has no legacy provider.
    static let shared = LegacyContext()

    /// `OSSL_LIB_CTX *`
    let raw: OpaquePointer

    private init?() {
        guard let context = unsafe OSSL_LIB_CTX_new() else { return nil }
        guard unsafe OSSL_PROVIDER_load(context, "default") != nil, unsafe OSSL_PROVIDER_load(context, "legacy") != nil
        else {
            unsafe OSSL_LIB_CTX_free(context)
            return nil
        }
        unsafe raw = unsafe context
    }
}
