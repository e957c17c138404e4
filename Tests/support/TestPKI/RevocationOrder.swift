import COpenSSL
package import FoundationEssentials
import X509

/// What a test wants in a certificate revocation list.
package struct RevocationOrder: Sendable {
    package var issuer: TestIdentity
    package var serials: [UInt64]
    package var thisUpdate = TestTime.begin
    /// nil leaves the field out.
    package var nextUpdate: Date? = TestTime.end
    package var extensions: [TestExtension] = []
    package var digest = "SHA256"

    package init(issuer: TestIdentity, serials: [UInt64]) {
        self.issuer = issuer
        self.serials = serials
    }

    /// The same order with a change.
    package func with(_ change: (inout RevocationOrder) throws -> Void) rethrows -> RevocationOrder {
        var copy = self
        try change(&copy)
        return copy
    }

    /// Makes the list, DER.
    package func der() throws -> [UInt8] {
        let list = try Owned(X509_CRL_new(), "X509_CRL_new") { X509_CRL_free($0) }
        try check(X509_CRL_set_version(list.pointer, 1), "X509_CRL_set_version")
        let issuerName = try name(issuer.certificate.subject.der)
        try check(X509_CRL_set_issuer_name(list.pointer, issuerName.pointer), "X509_CRL_set_issuer_name")
        let begin = ASN1_TIME_set(nil, Int(thisUpdate.timeIntervalSince1970))
        defer { ASN1_TIME_free(begin) }
        try check(X509_CRL_set1_lastUpdate(list.pointer, begin), "X509_CRL_set1_lastUpdate")
        if let nextUpdate {
            let end = ASN1_TIME_set(nil, Int(nextUpdate.timeIntervalSince1970))
            defer { ASN1_TIME_free(end) }
            try check(X509_CRL_set1_nextUpdate(list.pointer, end), "X509_CRL_set1_nextUpdate")
        }
        let number = ASN1_INTEGER_new()
        defer { ASN1_INTEGER_free(number) }
        for serial in serials {
            let entry = X509_REVOKED_new()
            try check(ASN1_INTEGER_set_uint64(number, serial), "ASN1_INTEGER_set_uint64")
            try check(X509_REVOKED_set_serialNumber(entry, number), "X509_REVOKED_set_serialNumber")
            try check(X509_REVOKED_set_revocationDate(entry, begin), "X509_REVOKED_set_revocationDate")
            try check(X509_CRL_add0_revoked(list.pointer, entry), "X509_CRL_add0_revoked")
        }
        for each in extensions {
            let made = try each.make()
            try check(X509_CRL_add_ext(list.pointer, made.pointer, -1), "X509_CRL_add_ext")
        }
        let key = try issuer.key.load()
        try check(X509_CRL_sign(list.pointer, key.pointer, try messageDigest(digest)), "X509_CRL_sign")
        return try encoded("i2d_X509_CRL") { i2d_X509_CRL(list.pointer, $0) }
    }
}
