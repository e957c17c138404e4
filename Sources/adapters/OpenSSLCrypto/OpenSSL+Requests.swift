import COpenSSL
package import FoundationEssentials
package import SCEP
package import Secrets

extension OpenSSL {
    package func selfSignedCertificate(
        subject: [UInt8], key: Secret, notBefore: Date, notAfter: Date
    ) throws -> [UInt8] {
        let attempt = Attempt("make a self-signed certificate")
        let key = try PrivateKey(key, attempt)
        let name = try X509Name(subject, attempt)
        let certificate = try X509Object(attempt)
        let raw = unsafe certificate.raw
        unsafe try attempt.check(X509_set_version(raw, Int(X509_VERSION_3)))
        // 16 bytes with the top bits 01: positive, of one length, unpredictable (RFC 5280 §4.1.2.2).
        var serial = try randomBytes(16)
        serial[0] = serial[0] & 0x3F | 0x40
        unsafe try attempt.check(ASN1_STRING_set(X509_get_serialNumber(raw), serial, Int32(serial.count)))
        unsafe try attempt.check(X509_set_issuer_name(raw, name.raw))
        unsafe try attempt.check(X509_set_subject_name(raw, name.raw))
        unsafe try set(X509_getm_notBefore(raw), to: notBefore, attempt)
        unsafe try set(X509_getm_notAfter(raw), to: notAfter, attempt)
        unsafe try attempt.check(X509_set_pubkey(raw, key.raw))

        let extensions = try RequestedExtensions(attempt)
        try extensions.addKeyUsage(of: key, attempt)
        try extensions.addSubjectKeyIdentifier(of: certificate, attempt)
        try extensions.copy(to: certificate, attempt)
        unsafe try attempt.check(X509_sign(raw, key.raw, EVP_sha256()), .unusableKey)
        return unsafe try encode(attempt) { unsafe i2d_X509(raw, $0) }
    }

    package func certificationRequest(_ content: RequestContent, key: Secret, challenge: Secret?) throws -> Secret {
        let attempt = Attempt("make a certificate request")
        let key = try PrivateKey(key, attempt)
        let name = try X509Name(content.subject, attempt)
        let request = try RequestObject(attempt)
        unsafe try attempt.check(X509_REQ_set_version(request.raw, Int(X509_REQ_VERSION_1)))
        unsafe try attempt.check(X509_REQ_set_subject_name(request.raw, name.raw))
        unsafe try attempt.check(X509_REQ_set_pubkey(request.raw, key.raw))
        if let challenge { try request.add(challenge: challenge, attempt) }

        let extensions = try RequestedExtensions(attempt)
        if !content.alternativeNames.isEmpty {
            try extensions.addAlternativeNames(content.alternativeNames, attempt)
        }
        try extensions.addKeyUsage(of: key, attempt)
        try extensions.add(NID_ext_key_usage, "clientAuth", attempt)
        unsafe try attempt.check(X509_REQ_add_extensions(request.raw, extensions.raw))
        unsafe try attempt.check(X509_REQ_sign(request.raw, key.raw, EVP_sha256()), .unusableKey)
        return unsafe try encodeSecret(attempt) { unsafe i2d_X509_REQ(request.raw, $0) }
    }
}

/// Writes a time as UTCTime until 2049 and GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5).
private func set(_ field: UnsafeMutablePointer<ASN1_TIME>?, to date: Date, _ attempt: borrowing Attempt) throws {
    guard let seconds = seconds(of: date),
        unsafe ASN1_TIME_set(field, seconds) != nil
    else {
        throw attempt.fault(
            .malformed, expected: "a time between the years 1950 and 9999",
            got: "\(date.timeIntervalSince1970) seconds from 1970")
    }
}
