import Faults
package import X509

/// One recipient of an envelope, who knows a password: PasswordRecipientInfo (RFC 5652 §6.2.4).
///
/// Only what leads to a bounded amount of work is admitted: PBKDF2 with a salt that is given (RFC 8018 §5.2), HMAC of SHA-1
/// or SHA-2, and a key that is wrapped with AES as RFC 3211 §2.3 has it.
package struct CMSPassword: Sendable {
    /// 8 to 128 bytes.
    package let salt: [UInt8]
    /// 1 to `iterationLimit`.
    package let iterations: Int
    /// Whose HMAC PBKDF2 uses.
    package let digest: DigestAlgorithm
    /// What wraps the content key: AES in CBC.
    package let cipher: ContentCipher
    package let initialisationVector: [UInt8]
    /// Two to five blocks.
    package let wrappedKey: [UInt8]

    /// Iterations of PBKDF2 in what is sent: what each guess costs whoever overheard a message (RFC 8894 §7.3).
    package static let iterations = 100_000
    /// Most iterations in what is received: some seconds.
    package static let iterationLimit = 10_000_000

    package init(
        salt: [UInt8], iterations: Int, digest: DigestAlgorithm, cipher: ContentCipher, initialisationVector: [UInt8],
        wrappedKey: [UInt8]
    ) {
        self.salt = salt
        self.iterations = iterations
        self.digest = digest
        self.cipher = cipher
        self.initialisationVector = initialisationVector
        self.wrappedKey = wrappedKey
    }

    static func read(_ set: inout DERCursor, _ info: CMSContentInfo) throws -> CMSPassword {
        var recipient = try set.inside(try set.next(.context(3)))
        let version = try recipient.readSmallInteger()
        guard version == 0 else { throw info.fault(.unexpectedVersion, expected: "0", got: "\(version)") }
        guard let derivation = try recipient.nextIf(.context(0)) else {
            throw info.fault(.keyDerivationRefused, expected: "PBKDF2", got: "nothing")
        }
        let (salt, iterations, length, digest) = try readDerivation(recipient.inside(derivation), info)
        let (cipher, vector) = try readWrapping(&recipient, info)
        guard length == nil || length == cipher.keySize else {
            throw info.fault(.keyDerivationRefused, expected: "a key of \(cipher.keySize) bytes", got: "another length")
        }
        let key = try recipient.readOctetString()
        guard (2...5).contains(key.count / cipher.blockSize), key.count.isMultiple(of: cipher.blockSize) else {
            throw info.fault(
                .keyEncryptionRefused, expected: "a wrapped key of 2 to 5 blocks", got: "\(key.count) bytes")
        }
        try recipient.finish()
        return CMSPassword(
            salt: salt, iterations: iterations, digest: digest, cipher: cipher, initialisationVector: vector,
            wrappedKey: key)
    }

    /// PBKDF2-params (RFC 8018 appendix A.2).
    private static func readDerivation(
        _ cursor: DERCursor, _ info: CMSContentInfo
    ) throws -> (salt: [UInt8], iterations: Int, keyLength: Int?, digest: DigestAlgorithm) {
        var cursor = cursor
        let identifier = try cursor.readObjectIdentifier()
        guard identifier == .pbkdf2 else {
            throw info.fault(.keyDerivationRefused, expected: "PBKDF2", got: "\(identifier)")
        }
        var parameters = try cursor.inside(try cursor.next(.sequence))
        try cursor.finish()
        let salt = parameters.nextTag == .octetString ? try parameters.readOctetString() : []
        guard (8...128).contains(salt.count) else {
            throw info.fault(.keyDerivationRefused, expected: "a salt of 8 to 128 bytes", got: "\(salt.count)")
        }
        let count = try parameters.readInteger()
        let iterations = count.count <= 4 && count[0] < 0x80 ? count.reduce(0) { $0 << 8 | Int($1) } : Int.max
        guard (1...iterationLimit).contains(iterations) else {
            throw info.fault(
                .keyDerivationRefused, expected: "1 to \(iterationLimit) iterations",
                got: iterations == Int.max ? "a number of \(count.count) bytes" : "\(iterations)")
        }
        let length = parameters.nextTag == .integer ? try parameters.readSmallInteger() : nil
        var digest: DigestAlgorithm? = .sha1
        if !parameters.isAtEnd {
            let function = try parameters.readBareAlgorithm()
            digest = DigestAlgorithm.allCases.first { $0.messageAuthentication == function }
        }
        guard let digest else {
            throw info.fault(.keyDerivationRefused, expected: "HMAC of SHA-1 or SHA-2", got: "another function")
        }
        try parameters.finish()
        return (salt, iterations, length, digest)
    }

    /// id-alg-PWRI-KEK, whose parameter is the cipher (RFC 3370 §4.4.1).
    private static func readWrapping(
        _ recipient: inout DERCursor, _ info: CMSContentInfo
    ) throws -> (ContentCipher, vector: [UInt8]) {
        let (identifier, parameters) = try recipient.readAlgorithm()
        guard identifier == .passwordKeyWrap else {
            throw info.fault(.keyEncryptionRefused, expected: "key wrap by RFC 3211", got: "\(identifier)")
        }
        var cursor = try DERCursor(parameters, reading: "the cipher that wraps the key", rules: .ber)
        let (algorithm, parameter) = try cursor.readAlgorithm()
        try cursor.finish()
        guard let cipher = ContentCipher(algorithm), cipher.blockSize == 16 else {
            throw info.fault(.keyEncryptionRefused, expected: "AES in CBC", got: "\(algorithm)")
        }
        return (cipher, try info.readVector(of: cipher, parameter))
    }
}

extension DigestAlgorithm {
    /// The HMAC of it (RFC 8018 appendix B.1).
    package var messageAuthentication: ObjectIdentifier {
        switch self {
        case .sha1: ObjectIdentifier(1, 2, 840, 113549, 2, 7)
        case .sha256: ObjectIdentifier(1, 2, 840, 113549, 2, 9)
        case .sha384: ObjectIdentifier(1, 2, 840, 113549, 2, 10)
        case .sha512: ObjectIdentifier(1, 2, 840, 113549, 2, 11)
        }
    }
}
