import FoundationEssentials

extension Certificate {
    /// Throws where the bytes are not even signed as a certificate is (RFC 5280 §4.1), whatever is signed.
    package static func requireShape(der: [UInt8]) throws(X509Fault) {
        _ = try DERCursor.signed(der, reading: "the certificate", limit: Certificate.limit)
    }

    /// Reads one certificate, strict DER, with nothing after it.
    ///
    /// Version 3, and version 1 where issuer and subject are equal, since old roots are so. Each extension stands at
    /// most once (RFC 5280 §4.2).
    package init(der: [UInt8]) throws(X509Fault) {
        var (body, algorithm) = try DERCursor.signed(der, reading: "the certificate", limit: Certificate.limit)
        let version = try body.readVersion()
        serialNumber = try body.readInteger()
        guard serialNumber.count <= 64 else {
            throw body.fault(.limitExceeded, expected: "a serial of at most 64 octets")
        }
        try body.readSignatureAlgorithm(again: algorithm)
        issuer = try body.readName()
        (notBefore, notAfter) = try body.readSequence { (validity) throws(X509Fault) in
            (try validity.readTime(), try validity.readTime())
        }
        subject = try body.readName()
        guard version == 3 || issuer == subject else {
            throw body.fault(.unexpectedValue, expected: "version 3", got: "version \(version)")
        }
        let keyInfo = try body.next(.sequence)
        publicKeyInfo = body.encoding(of: keyInfo)
        publicKey = try body.inside(keyInfo).publicKeyKind()
        // Unique identifiers (RFC 5280 §4.1.2.8): nobody writes them, and they mean nothing here.
        _ = try body.nextIf(.contextPrimitive(1))
        _ = try body.nextIf(.contextPrimitive(2))
        var extensions = CertificateExtensions()
        if version == 3 {
            try body.readExtensions(.context(3)) { (identifier, _, value) throws(X509Fault) in
                try extensions.take(identifier, value)
            }
        }
        try body.finish()

        self.der = der
        signatureAlgorithm = algorithm.identifier
        hasWeakSignature = algorithm.isWeak
        isAuthority = extensions.isAuthority
        keyUsage = extensions.keyUsage
        extendedKeyUsage = extensions.extendedKeyUsage
        alternativeNames = extensions.alternativeNames
        revocationListURLs = extensions.revocationListURLs
        subjectKeyIdentifier = extensions.subjectKeyIdentifier
        authorityKeyIdentifier = extensions.authorityKeyIdentifier
    }
}

extension DERCursor {
    /// The explicit version of a certificate: 1 where absent.
    fileprivate mutating func readVersion() throws(X509Fault) -> Int {
        guard nextTag == .context(0) else { return 1 }
        let value = try read(.context(0)) { (inner) throws(X509Fault) in try inner.readSmallInteger() }
        guard value == 0 || value == 2 else {
            throw fault(.unexpectedValue, expected: "version 1 or 3", got: "version value \(value)")
        }
        return value + 1
    }

    /// What a SubjectPublicKeyInfo holds, read from its inside.
    fileprivate func publicKeyKind() throws(X509Fault) -> PublicKeyKind {
        var cursor = self
        let algorithm = try cursor.next(.sequence)
        let bits = try cursor.readBitString()
        try cursor.finish()
        var parameters = try cursor.inside(algorithm)
        let identifier = try parameters.readObjectIdentifier()
        switch identifier {
        case .rsaEncryption:
            return try Self.rsaKind(bits)
        case .ecPublicKey where parameters.nextTag == .objectIdentifier:
            return .ellipticCurve(try parameters.readObjectIdentifier())
        default:
            return .other(identifier)
        }
    }

    /// RSAPublicKey (RFC 8017 appendix A.1.1).
    private static func rsaKind(_ key: [UInt8]) throws(X509Fault) -> PublicKeyKind {
        var cursor = try DERCursor(key, reading: "the RSA public key")
        let (modulus, exponent) = try cursor.readSequence { (inner) throws(X509Fault) in
            (try inner.readInteger(), try inner.readInteger())
        }
        try cursor.finish()
        guard modulus[0] < 0x80, exponent[0] < 0x80 else {
            throw cursor.fault(.unexpectedValue, expected: "positive numbers")
        }
        let magnitude = modulus.drop { $0 == 0 }
        let bits = magnitude.first.map { magnitude.count * 8 - $0.leadingZeroBitCount } ?? 0
        // Odd, from 3 up; libcrypto refuses more than 64 bits beside a large modulus.
        let isOdd = exponent[exponent.count - 1] & 1 == 1
        return .rsa(bits: bits, exponentIsSane: isOdd && exponent != [1] && exponent.count <= 8)
    }
}
