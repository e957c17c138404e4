import COpenSSL
import SCEP
import X509

/// The extensions that Signet writes, in the order in which they were added; owned by this value.
@safe struct RequestedExtensions: ~Copyable {
    /// `STACK_OF(X509_EXTENSION) *`, for the length of a call.
    let raw: OpaquePointer

    init(_ attempt: borrowing Attempt) throws {
        unsafe raw = try attempt.made(OPENSSL_sk_new_null())
    }

    deinit {
        for index in unsafe 0..<OPENSSL_sk_num(raw) {
            unsafe X509_EXTENSION_free(OpaquePointer(OPENSSL_sk_value(raw, index)))
        }
        unsafe OPENSSL_sk_free(raw)
    }

    /// Adds one in the notation of x509v3_config(5).
    func add(_ type: Int32, _ value: String, _ attempt: borrowing Attempt) throws {
        unsafe try push(try attempt.made(X509V3_EXT_nconf_nid(nil, nil, type, value)), attempt)
    }

    /// Adds keyUsage, critical: what a SCEP client's key is for (RFC 8894 §2.3). Only RSA can be encrypted to.
    func addKeyUsage(of key: borrowing PrivateKey, _ attempt: borrowing Attempt) throws {
        let usage = key.isRSA ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature"
        try add(NID_key_usage, usage, attempt)
    }

    /// Adds subjectAltName.
    ///
    /// - Throws: `.malformed` for a name that is not ASCII, or an address that is not 4 or 16 bytes long.
    func addAlternativeNames(_ names: [GeneralName], _ attempt: borrowing Attempt) throws {
        let sequence = unsafe try attempt.made(GENERAL_NAMES_new())
        defer { unsafe GENERAL_NAMES_free(sequence) }
        for name in names {
            let made = unsafe try generalName(name, attempt)
            guard unsafe OPENSSL_sk_push(sequence, made) > 0 else {
                unsafe GENERAL_NAME_free(made)
                throw attempt.fault(.libraryFailure)
            }
        }
        unsafe try push(
            try attempt.made(X509V3_EXT_i2d(NID_subject_alt_name, 0, UnsafeMutableRawPointer(sequence))), attempt)
    }

    /// Adds subjectKeyIdentifier, by RFC 5280 §4.2.1.2 method (1).
    func addSubjectKeyIdentifier(of certificate: borrowing X509Object, _ attempt: borrowing Attempt) throws {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, nil, certificate.raw, nil, nil, 0)
        unsafe try push(
            try attempt.made(X509V3_EXT_nconf_nid(nil, &context, NID_subject_key_identifier, "hash")), attempt)
    }

    /// Writes all of them into a certificate.
    func copy(to certificate: borrowing X509Object, _ attempt: borrowing Attempt) throws {
        for index in unsafe 0..<OPENSSL_sk_num(raw) {
            unsafe try attempt.check(
                X509_add_ext(certificate.raw, OpaquePointer(OPENSSL_sk_value(raw, index)), -1))
        }
    }

    private func push(_ made: OpaquePointer, _ attempt: borrowing Attempt) throws {
        guard unsafe OPENSSL_sk_push(raw, UnsafeRawPointer(made)) > 0 else {
            unsafe X509_EXTENSION_free(made)
            throw attempt.fault(.libraryFailure)
        }
    }
}

/// A `GENERAL_NAME *` that the caller owns.
private func generalName(
    _ name: GeneralName, _ attempt: borrowing Attempt
) throws -> UnsafeMutablePointer<GENERAL_NAME> {
    switch name {
    case .dns(let text): return unsafe try generalName(GEN_DNS, text: text, attempt)
    case .email(let text): return unsafe try generalName(GEN_EMAIL, text: text, attempt)
    case .uri(let text): return unsafe try generalName(GEN_URI, text: text, attempt)
    case .ipAddress(let address):
        guard address.count == 4 || address.count == 16 else {
            throw attempt.fault(.malformed, expected: "an IP address of 4 or 16 bytes", got: "\(address.count)")
        }
        return unsafe try generalName(GEN_IPADD, V_ASN1_OCTET_STRING, address, attempt)
    case .other(let der):
        let decoded: UnsafeMutablePointer<GENERAL_NAME>? = unsafe decode(
            der, with: { unsafe d2i_GENERAL_NAME(nil, $0, $1) }, free: { unsafe GENERAL_NAME_free($0) })
        guard let decoded = unsafe decoded else {
            throw attempt.fault(.malformed, expected: "a GeneralName in DER")
        }
        return unsafe decoded
    }
}

private func generalName(
    _ kind: Int32, text: String, _ attempt: borrowing Attempt
) throws -> UnsafeMutablePointer<GENERAL_NAME> {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
        throw attempt.fault(.malformed, expected: "an alternative name in printable ASCII")
    }
    return unsafe try generalName(kind, V_ASN1_IA5STRING, Array(text.utf8), attempt)
}

private func generalName(
    _ kind: Int32, _ type: Int32, _ content: [UInt8], _ attempt: borrowing Attempt
) throws -> UnsafeMutablePointer<GENERAL_NAME> {
    let string = unsafe try attempt.made(ASN1_STRING_type_new(type))
    guard unsafe ASN1_STRING_set(string, content, Int32(clamping: content.count)) == 1,
        let name = unsafe GENERAL_NAME_new()
    else {
        unsafe ASN1_STRING_free(string)
        throw attempt.fault(.libraryFailure)
    }
    // The string belongs to the name from here on.
    unsafe GENERAL_NAME_set0_value(name, kind, string)
    return unsafe name
}
