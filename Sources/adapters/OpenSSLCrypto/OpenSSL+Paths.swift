import COpenSSL
package import FoundationEssentials
import SCEP
package import X509

extension OpenSSL {
    /// The strength that every key and, below the anchor, every signature on a path needs: 112 bits, which is RSA 2048
    /// and SHA-224. SHA-1 has less (SSL_CTX_set_security_level(3)).
    private static let securityLevel: Int32 = 2
    /// Intermediates on a path.
    private static let depthLimit: Int32 = 8

    package func path(
        from leaf: Certificate, intermediates: [Certificate], anchors: [Certificate], at time: Date
    ) throws -> [Certificate] {
        let attempt = Attempt("build a certificate path")
        let subject = try X509Stack([leaf], attempt)
        let untrusted = try X509Stack(intermediates, attempt)
        let trusted = try X509Stack(anchors, attempt)
        // Only what is added is trusted: without a lookup a store knows nothing of the system's anchors.
        let store = unsafe try attempt.made(X509_STORE_new())
        defer { unsafe X509_STORE_free(store) }
        for index in 0..<trusted.count { unsafe try attempt.check(X509_STORE_add_cert(store, trusted[index])) }

        func value(of object: OpaquePointer?) -> Certificate? {
            unsafe subject.certificate(of: object) ?? untrusted.certificate(of: object)
                ?? trusted.certificate(of: object)
        }

        func verify(at seconds: Int?) throws -> Verification {
            let context = unsafe try attempt.made(X509_STORE_CTX_new())
            defer { unsafe X509_STORE_CTX_free(context) }
            unsafe try attempt.check(X509_STORE_CTX_init(context, store, subject[0], untrusted.raw))
            let rules = unsafe X509_STORE_CTX_get0_param(context)
            unsafe X509_VERIFY_PARAM_set_auth_level(rules, Self.securityLevel)
            unsafe X509_VERIFY_PARAM_set_depth(rules, Self.depthLimit)
            unsafe try attempt.check(X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_ANY))
            // A time that is set counts for more than X509_V_FLAG_NO_CHECK_TIME.
            if let seconds { unsafe X509_VERIFY_PARAM_set_time(rules, seconds) }
            let flags =
                seconds == nil ? X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME : X509_V_FLAG_PARTIAL_CHAIN
            unsafe try attempt.check(X509_VERIFY_PARAM_set_flags(rules, UInt(flags)))
            guard unsafe X509_verify_cert(context) == 1 else {
                return unsafe .refused(Refusal(of: context, naming: value(of:)))
            }
            let chain = unsafe X509_STORE_CTX_get0_chain(context)
            var path: [Certificate] = []
            for index in unsafe 0..<OPENSSL_sk_num(chain) {
                let object = unsafe OpaquePointer(OPENSSL_sk_value(chain, index))
                path.append(unsafe try attempt.made(value(of: object)))
            }
            return .path(path)
        }

        guard let seconds = seconds(of: time) else {
            throw attempt.fault(.libraryFailure, expected: "a time between the years 1950 and 9999")
        }
        switch try verify(at: seconds) {
        case .path(let path): return path
        case .refused(let refusal):
            // Times are looked at before the signatures below: it is only the time if all else holds without it.
            if refusal.isAboutTime, case .path = try verify(at: nil) {
                throw attempt.fault(.pathExpired, expected: "certificates valid now", got: refusal.text)
            }
            throw attempt.fault(.noPath, expected: "a path to one of \(anchors.count) anchors", got: refusal.text)
        }
    }

    package func isSignature(of certificate: Certificate, madeBy issuer: Certificate) -> Bool {
        let attempt = Attempt("verify a certificate's signature")
        guard let object = try? X509Object(certificate, attempt), let maker = try? X509Object(issuer, attempt),
            let key = unsafe try? maker.publicKey(attempt)
        else { return false }
        return unsafe X509_verify(object.raw, key) == 1
    }

    package func isSignature(ofRevocationList der: [UInt8], madeBy issuer: Certificate) -> Bool {
        let attempt = Attempt("verify a CRL's signature")
        guard let list = try? SignedStructure(der, attempt), let maker = try? X509Object(issuer, attempt),
            let key = unsafe try? maker.publicKey(attempt)
        else { return false }
        return unsafe list.isSigned(with: key)
    }
}

/// What libcrypto said of a path.
private enum Verification {
    case path([Certificate])
    case refused(Refusal)
}
