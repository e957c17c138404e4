package import FoundationEssentials

/// A certificate revocation list (RFC 5280 §5.1) as a value. Nothing here checks its signature.
///
/// Entries are not read until they are asked for, and then one after another where they lie: a list of 100,000 takes
/// milliseconds and no memory beyond its bytes.
package struct RevocationList: Sendable {
    /// The whole list, DER.
    package let der: [UInt8]
    package let issuer: DistinguishedName
    package let thisUpdate: Date
    package let nextUpdate: Date?
    /// OID of the signature's algorithm.
    package let signatureAlgorithm: ObjectIdentifier
    /// Whether the signature rests on MD2, MD5 or SHA-1.
    package let hasWeakSignature: Bool
    /// A critical extension that is not understood here, such as the delta CRL indicator: the list must not be used
    /// to tell that a certificate is good (RFC 5280 §5.2).
    package let unsupportedCriticalExtension: ObjectIdentifier?
    /// What the list covers; nil where it covers everything its issuer issued.
    package let scope: RevocationListScope?
    package let authorityKeyIdentifier: [UInt8]?
    private let entries: (cursor: DERCursor, list: DERElement)?

    /// Most bytes that a list may have.
    package static let limit = 64 * 1024 * 1024

    /// Reads one list, strict DER, version 1 or 2, with nothing after it.
    package init(der: [UInt8]) throws(X509Fault) {
        var (body, algorithm) = try DERCursor.signed(
            der, reading: "the certificate revocation list", limit: RevocationList.limit)
        if body.nextTag == .integer, try body.readSmallInteger() != 1 {
            throw body.fault(.unexpectedValue, expected: "version 2")
        }
        try body.readSignatureAlgorithm(again: algorithm)
        issuer = try body.readName()
        thisUpdate = try body.readTime()
        nextUpdate = [.utcTime, .generalizedTime].contains(body.nextTag) ? try body.readTime() : nil
        entries = try body.nextIf(.sequence).map { (body, $0) }
        var extensions = RevocationListExtensions()
        try body.readExtensions(.context(0)) { (identifier, isCritical, value) throws(X509Fault) in
            try extensions.take(identifier, isCritical: isCritical, value)
        }
        try body.finish()

        self.der = der
        signatureAlgorithm = algorithm.identifier
        hasWeakSignature = algorithm.isWeak
        unsupportedCriticalExtension = extensions.unsupportedCritical
        scope = extensions.scope
        authorityKeyIdentifier = extensions.authorityKeyIdentifier
    }

    /// Whether the list names a serial number, whatever the reason.
    ///
    /// - Parameter serialNumber: content octets, as `Certificate.serialNumber` holds them.
    /// - Throws: where an entry before the one sought is malformed.
    package func contains(serialNumber: [UInt8]) throws(X509Fault) -> Bool {
        guard let entries else { return false }
        var list = try entries.cursor.inside(entries.list)
        while !list.isAtEnd {
            var entry = try list.inside(try list.next(.sequence))
            let serial = try entry.nextInteger()
            if serial.content.count == serialNumber.count, der[serial.content].elementsEqual(serialNumber) {
                return true
            }
        }
        return false
    }
}
