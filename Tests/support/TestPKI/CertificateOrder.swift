import COpenSSL
package import FoundationEssentials
package import X509

/// A certificate and the key that belongs to it.
package struct TestIdentity: Sendable {
    package let certificate: Certificate
    package let key: TestKey

    package init(certificate: Certificate, key: TestKey) {
        self.certificate = certificate
        self.key = key
    }
}

/// An extension as it is to be written, right or wrong.
package struct TestExtension: Sendable {
    /// Dotted.
    package let identifier: String
    package let isCritical: Bool
    /// What lies inside the OCTET STRING.
    package let value: [UInt8]

    package init(_ identifier: String, isCritical: Bool = false, value: [UInt8]) {
        self.identifier = identifier
        self.isCritical = isCritical
        self.value = value
    }
}

/// Dates that tests use unless they choose their own.
package enum TestTime {
    /// 2025-01-01T00:00:00Z, when certificates begin.
    package static let begin = Date(timeIntervalSince1970: 1_735_689_600)
    /// 2045-01-01T00:00:00Z, when certificates end.
    package static let end = Date(timeIntervalSince1970: 2_366_841_600)
    /// 2026-01-01T00:00:00Z, when tests are.
    package static let now = Date(timeIntervalSince1970: 1_767_225_600)
}

/// What a test wants in a certificate. Extensions are in the words of `openssl-x509v3_config(5)`.
package struct CertificateOrder: Sendable {
    /// RFC 4514 text; empty makes an empty name.
    package var subject: String
    package var key: TestKey
    /// Who signs; nil makes it self-signed.
    package var issuer: TestIdentity?
    package var serial: UInt64 = 1
    package var notBefore = TestTime.begin
    package var notAfter = TestTime.end
    package var isAuthority = false
    package var keyUsage: String? = "critical,digitalSignature,keyEncipherment"
    package var extendedKeyUsage: String? = "clientAuth"
    package var alternativeNames: String?
    package var revocationListURLs: [String] = []
    /// Written after the others, as given.
    package var extensions: [TestExtension] = []
    /// A name that libcrypto knows, such as SHA1 or MD5.
    package var digest = "SHA256"
    /// Version 1 carries no extensions at all.
    package var isVersion1 = false
    /// Subject and authority key identifiers.
    package var hasKeyIdentifiers = true

    package init(_ subject: String, key: TestKey, issuer: TestIdentity? = nil) {
        self.subject = subject
        self.key = key
        self.issuer = issuer
    }

    /// An authority, self-signed or below another.
    package static func authority(
        _ subject: String = "CN=Test Root,O=Signet Tests", key: TestKey = .authority, issuer: TestIdentity? = nil
    ) -> CertificateOrder {
        var order = CertificateOrder(subject, key: key, issuer: issuer)
        order.isAuthority = true
        order.keyUsage = "critical,keyCertSign,cRLSign,digitalSignature,keyEncipherment"
        order.extendedKeyUsage = nil
        return order
    }

    /// The same order with a change.
    package func with(_ change: (inout CertificateOrder) throws -> Void) rethrows -> CertificateOrder {
        var copy = self
        try change(&copy)
        return copy
    }

    /// Makes the certificate.
    package func issue() throws -> TestIdentity {
        TestIdentity(certificate: try Certificate(der: try der()), key: key)
    }

    /// Makes the certificate and does not look at it.
    package func der() throws -> [UInt8] {
        let new = try Owned(X509_new(), "X509_new") { X509_free($0) }
        try check(X509_set_version(new.pointer, isVersion1 ? 0 : 2), "X509_set_version")
        try check(ASN1_INTEGER_set_uint64(X509_get_serialNumber(new.pointer), serial), "ASN1_INTEGER_set_uint64")
        let ownName = try DistinguishedName(rfc4514: subject).der
        let subjectName = try name(ownName)
        let issuerName = try name(issuer?.certificate.subject.der ?? ownName)
        try check(X509_set_subject_name(new.pointer, subjectName.pointer), "X509_set_subject_name")
        try check(X509_set_issuer_name(new.pointer, issuerName.pointer), "X509_set_issuer_name")
        let begin = ASN1_TIME_set(nil, Int(notBefore.timeIntervalSince1970))
        let end = ASN1_TIME_set(nil, Int(notAfter.timeIntervalSince1970))
        defer {
            ASN1_TIME_free(begin)
            ASN1_TIME_free(end)
        }
        try check(X509_set1_notBefore(new.pointer, begin), "X509_set1_notBefore")
        try check(X509_set1_notAfter(new.pointer, end), "X509_set1_notAfter")
        let ownKey = try key.load()
        try check(X509_set_pubkey(new.pointer, ownKey.pointer), "X509_set_pubkey")
        if !isVersion1 { try addExtensions(to: new) }
        let signingKey = try (issuer?.key ?? key).load()
        try check(X509_sign(new.pointer, signingKey.pointer, try messageDigest(digest)), "X509_sign")
        return try encoded("i2d_X509") { i2d_X509(new.pointer, $0) }
    }

    private func addExtensions(to new: Owned) throws {
        var values: [(Int32, String)] = [(NID_basic_constraints, isAuthority ? "critical,CA:TRUE" : "CA:FALSE")]
        if let keyUsage { values.append((NID_key_usage, keyUsage)) }
        if let extendedKeyUsage { values.append((NID_ext_key_usage, extendedKeyUsage)) }
        if let alternativeNames { values.append((NID_subject_alt_name, alternativeNames)) }
        for url in revocationListURLs { values.append((NID_crl_distribution_points, "URI:\(url)")) }
        if hasKeyIdentifiers {
            values += [(NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid")]
        }
        let above = try issuer.map { try loadCertificate($0.certificate.der) }
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, above?.pointer ?? new.pointer, new.pointer, nil, nil, 0)
        for (kind, value) in merged(values) {
            let made = try Owned(X509V3_EXT_conf_nid(nil, &context, kind, value), "X509V3_EXT_conf_nid \(value)") {
                X509_EXTENSION_free($0)
            }
            try check(X509_add_ext(new.pointer, made.pointer, -1), "X509_add_ext")
        }
        for each in extensions {
            let made = try each.make()
            try check(X509_add_ext(new.pointer, made.pointer, -1), "X509_add_ext")
        }
    }

    /// One extension of a kind, its values joined.
    private func merged(_ values: [(Int32, String)]) -> [(Int32, String)] {
        var merged: [(Int32, String)] = []
        for (kind, value) in values {
            if let index = merged.firstIndex(where: { $0.0 == kind }) {
                merged[index].1 += ",\(value)"
            } else {
                merged.append((kind, value))
            }
        }
        return merged
    }
}

extension TestExtension {
    func make() throws -> Owned {
        let kind = try object(identifier)
        let octets = ASN1_OCTET_STRING_new()
        defer { ASN1_OCTET_STRING_free(octets) }
        try check(ASN1_OCTET_STRING_set(octets, value, Int32(value.count)), "ASN1_OCTET_STRING_set")
        return try Owned(
            X509_EXTENSION_create_by_OBJ(nil, kind.pointer, isCritical ? 1 : 0, octets), "X509_EXTENSION_create_by_OBJ"
        ) { X509_EXTENSION_free($0) }
    }
}

func name(_ der: [UInt8]) throws -> Owned {
    try decoded(der, "d2i_X509_NAME", free: { X509_NAME_free($0) }) { d2i_X509_NAME(nil, $0, $1) }
}
