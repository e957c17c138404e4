import COpenSSL
import SCEP
import X509

/// libcrypto's view of a certificate, owned by this value.
@safe struct X509Object: ~Copyable {
    /// `X509 *`, for the length of a call.
    let raw: OpaquePointer

    /// One to read from only: others may hold it too.
    ///
    /// - Throws: `.malformed`.
    init(_ certificate: Certificate, _ attempt: borrowing Attempt) throws {
        guard let decoded = DecodedCertificates.shared.object(certificate.der) else {
            throw attempt.fault(.malformed, expected: "an X.509 certificate in DER")
        }
        self = decoded
    }

    /// Takes over a reference.
    init(owning raw: OpaquePointer) {
        unsafe self.raw = unsafe raw
    }

    deinit { unsafe X509_free(raw) }

    /// The public key, which ends with the certificate.
    ///
    /// - Throws: `.unusableKey` where libcrypto does not know the algorithm or the key's encoding is broken.
    func publicKey(_ attempt: borrowing Attempt) throws -> OpaquePointer {
        guard let key = unsafe X509_get0_pubkey(raw) else {
            throw attempt.fault(.unusableKey, expected: "a certificate with a public key that OpenSSL can read")
        }
        return unsafe key
    }
}

/// Certificates as libcrypto takes them (`STACK_OF(X509)`), in the order of the values that they were made from.
@safe struct X509Stack: ~Copyable {
    /// `STACK_OF(X509) *`, for the length of a call.
    let raw: OpaquePointer
    private let certificates: [Certificate]

    /// - Throws: `.malformed`.
    init(_ certificates: [Certificate], _ attempt: borrowing Attempt) throws {
        let stack = unsafe try attempt.made(OPENSSL_sk_new_null())
        do {
            for certificate in certificates {
                let object = try X509Object(certificate, attempt)
                unsafe try attempt.check(OPENSSL_sk_push(stack, UnsafeRawPointer(object.raw)))
                // The stack holds a reference of its own from here on.
                unsafe _ = X509_up_ref(object.raw)
            }
        } catch {
            unsafe Self.free(stack)
            throw error
        }
        unsafe raw = unsafe stack
        self.certificates = certificates
    }

    deinit { unsafe Self.free(raw) }

    private static func free(_ stack: OpaquePointer) {
        for index in unsafe 0..<OPENSSL_sk_num(stack) {
            unsafe X509_free(OpaquePointer(OPENSSL_sk_value(stack, index)))
        }
        unsafe OPENSSL_sk_free(stack)
    }

    var count: Int32 { unsafe OPENSSL_sk_num(raw) }

    /// `X509 *` number `index`, for as long as the stack lives.
    subscript(index: Int32) -> OpaquePointer? {
        unsafe OpaquePointer(OPENSSL_sk_value(raw, index))
    }

    /// The value that an object on this stack was made from; nil for an object that is not on it.
    func certificate(of object: OpaquePointer?) -> Certificate? {
        for (index, certificate) in certificates.enumerated() where unsafe self[Int32(index)] == object {
            return certificate
        }
        return nil
    }
}
