import Faults

/// An extension (RFC 5280 §4.1) as Signet asks for it or writes it: its DER.
package enum RequestedExtension {
    /// keyUsage, critical: digitalSignature, and keyEncipherment for a key that can be encrypted to (RFC 8894 §2.3).
    package static func keyUsage(isEncipherment: Bool) -> [UInt8] {
        // Bits from the left: digitalSignature is 0, keyEncipherment 2.
        let bits = DERWriter.element(.bitString, isEncipherment ? [5, 0xA0] : [7, 0x80])
        return DERWriter.sequence(
            DERWriter.objectIdentifier(.keyUsage), DERWriter.element(.boolean, [0xFF]), DERWriter.octetString(bits))
    }

    /// extKeyUsage with the one purpose.
    package static func extendedKeyUsage(_ purpose: ObjectIdentifier) -> [UInt8] {
        extended(.extendedKeyUsage, DERWriter.sequence(DERWriter.objectIdentifier(purpose)))
    }

    /// subjectKeyIdentifier from the digest of the key.
    package static func subjectKeyIdentifier(_ digest: [UInt8]) -> [UInt8] {
        extended(.subjectKeyIdentifier, DERWriter.octetString(digest))
    }

    /// subjectAltName.
    ///
    /// - Throws: `.unexpectedValue` for a name that is not printable ASCII, an address that is not 4 or 16 bytes long, or
    ///   bytes that are no GeneralName.
    package static func alternativeNames(_ names: [GeneralName]) throws(X509Fault) -> [UInt8] {
        var all: [UInt8] = []
        for name in names { all += try name.der() }
        return extended(.subjectAlternativeName, DERWriter.element(.sequence, all))
    }

    private static func extended(_ type: ObjectIdentifier, _ value: [UInt8]) -> [UInt8] {
        DERWriter.sequence(DERWriter.objectIdentifier(type), DERWriter.octetString(value))
    }
}

extension GeneralName {
    /// The name under its implicit tag (RFC 5280 §4.2.1.6).
    fileprivate func der() throws(X509Fault) -> [UInt8] {
        switch self {
        case .email(let text): return try Self.string(1, text)
        case .dns(let text): return try Self.string(2, text)
        case .uri(let text): return try Self.string(6, text)
        case .ipAddress(let address):
            guard address.count == 4 || address.count == 16 else {
                throw Self.fault("an IP address of 4 or 16 bytes", "\(address.count)")
            }
            return DERWriter.element(.contextPrimitive(7), address)
        case .other(let der):
            var cursor = try DERCursor(der, reading: "the alternative name")
            guard let tag = cursor.nextTag, tag.rawValue & 0xC0 == 0x80, tag.rawValue & 0x1F <= 8 else {
                throw Self.fault("a GeneralName in DER", "other bytes")
            }
            _ = try cursor.next()
            try cursor.finish()
            return der
        }
    }

    private static func string(_ number: UInt8, _ text: String) throws(X509Fault) -> [UInt8] {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw fault("an alternative name in printable ASCII", "other characters")
        }
        return DERWriter.element(.contextPrimitive(number), Array(text.utf8))
    }

    private static func fault(_ expected: String, _ got: String) -> X509Fault {
        X509Fault(.unexpectedValue, attempted: "write subjectAltName", expected: expected, got: got)
    }
}
