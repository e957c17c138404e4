import COpenSSL
import Faults
package import SCEP
package import Secrets
import X509

/// Envelopes for who knows a password. libcrypto derives keys and enciphers blocks; what is around them is read and written
/// here, since its own reader of such recipients has been the way in for hostile messages more than once.
extension OpenSSL {
    package func envelop(_ content: Secret, password: Secret, cipher: ContentCipher) throws -> [UInt8] {
        let attempt = Attempt("encrypt a message under a password")
        guard cipher != .desCBC else {
            // RFC 8894 §2.9; it is readable in replies only.
            throw attempt.fault(.algorithmRefused, expected: "AES or 3DES for what is sent", got: cipher.rawValue)
        }
        let key = try randomKey(cipher.keySize, attempt)
        let (vector, salt) = (try randomBytes(cipher.blockSize), try randomBytes(16))
        let wrapping = ContentCipher.aes128CBC
        let wrappingVector = try randomBytes(wrapping.blockSize)
        let keyEncryptionKey = try derive(
            from: password, salt: salt, iterations: CMSPassword.iterations, .sha256, count: wrapping.keySize, attempt)
        let wrapped = try wrap(key, under: keyEncryptionKey, vector: wrappingVector, wrapping, attempt)
        let encrypted = try CipherObject(cipher, isLegacyAllowed: false, attempt)
            .encrypt(content, key: key, vector: vector, attempt)

        let null = DERWriter.element(.null, [])
        let derivation =
            DERWriter.objectIdentifier(.pbkdf2)
            + DERWriter.sequence(
                DERWriter.octetString(salt), DERWriter.integer(UInt32(CMSPassword.iterations)),
                DERWriter.algorithm(DigestAlgorithm.sha256.messageAuthentication, parameters: null))
        let recipient = DERWriter.element(
            .context(3),
            DERWriter.integer(0) + DERWriter.element(.context(0), derivation)
                + DERWriter.algorithm(.passwordKeyWrap, parameters: wrapping.algorithm(wrappingVector))
                + DERWriter.octetString(wrapped))
        return DERWriter.sequence(
            DERWriter.objectIdentifier(.cmsEnvelopedData),
            DERWriter.element(
                .context(0),
                DERWriter.sequence(
                    DERWriter.integer(3), DERWriter.element(.set, recipient),
                    DERWriter.sequence(
                        DERWriter.objectIdentifier(.cmsData), cipher.algorithm(vector),
                        DERWriter.element(.contextPrimitive(0), encrypted)))))
    }

    package func openEnvelope(
        _ envelopedData: [UInt8], password: Secret, legacyCiphers: Bool
    ) throws -> [UInt8] {
        let attempt = Attempt("decrypt a message under a password")
        let envelope: CMSEnvelope
        do {
            envelope = try CMSEnvelope.admit(envelopedData, allowsPassword: true)
        } catch {
            throw CryptographyFault(.malformed, attempted: "decrypt a message under a password", cause: error)
        }
        guard let recipient = envelope.password else {
            throw attempt.fault(.notForUs, expected: "a message encrypted under the challenge")
        }
        let key = try derive(
            from: password, salt: recipient.salt, iterations: recipient.iterations, recipient.digest,
            count: recipient.cipher.keySize, attempt)
        let content = try unwrap(recipient, under: key, attempt)
        guard content.count == envelope.cipher.keySize else {
            throw attempt.fault(.decryptionFailed, expected: "a message under the challenge that was sent")
        }
        return try CipherObject(envelope.cipher, isLegacyAllowed: legacyCiphers, attempt)
            .decrypt(envelope, key: content, attempt)
    }

    // MARK: parts

    private func randomKey(_ count: Int, _ attempt: borrowing Attempt) throws -> Secret {
        unsafe try Secret(capacity: count) { buffer in
            unsafe try attempt.check(
                RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: count)))
            return count
        }
    }

    /// PBKDF2 (RFC 8018 §5.2).
    private func derive(
        from password: Secret, salt: [UInt8], iterations: Int, _ digest: DigestAlgorithm, count: Int,
        _ attempt: borrowing Attempt
    ) throws -> Secret {
        unsafe try password.withBytes { password in
            unsafe try Secret(capacity: count) { buffer in
                unsafe try attempt.check(
                    PKCS5_PBKDF2_HMAC(
                        password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: password.count),
                        salt, Int32(clamping: salt.count), Int32(clamping: iterations), evp(digest),
                        Int32(clamping: count), buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)))
                return count
            }
        }
    }

    /// The key with its length and a check value before it, enciphered twice (RFC 3211 §2.3.1).
    private func wrap(
        _ key: Secret, under wrappingKey: Secret, vector: [UInt8], _ cipher: ContentCipher, _ attempt: borrowing Attempt
    ) throws -> [UInt8] {
        let block = cipher.blockSize
        let count = max((key.count + 4 + block - 1) / block, 2) * block
        let padded = unsafe try Secret(capacity: count) { buffer in
            unsafe try attempt.check(
                RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(clamping: count)))
            unsafe buffer[0] = UInt8(clamping: key.count)
            unsafe key.withBytes { key in
                for index in 0..<3 { unsafe buffer[index + 1] = ~key[index] }
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[4...]).copyMemory(from: key)
            }
            return count
        }
        let wrapped = try CipherObject(cipher, isLegacyAllowed: false, attempt)
            .chain(padded, isEncrypting: true, key: wrappingKey, vector: Secret(open: vector), rounds: 2, attempt)
        return unsafe wrapped.withBytes { unsafe [UInt8]($0) }
    }

    /// Undoes `wrap` (RFC 3211 §2.3.2). With another password the check value almost never fits.
    ///
    /// - Throws: `.decryptionFailed`.
    private func unwrap(_ recipient: CMSPassword, under key: Secret, _ attempt: borrowing Attempt) throws -> Secret {
        let cipher = try CipherObject(recipient.cipher, isLegacyAllowed: false, attempt)
        let (block, all) = (recipient.cipher.blockSize, recipient.wrappedKey)
        // The outer round began with the last block of the inner one.
        let last = try cipher.chain(
            Secret(open: all.suffix(block)), isEncrypting: false, key: key,
            vector: Secret(open: all.dropLast(block).suffix(block)), attempt)
        let inner = try cipher.chain(Secret(open: all[...]), isEncrypting: false, key: key, vector: last, attempt)
        let padded = try cipher.chain(
            inner, isEncrypting: false, key: key, vector: Secret(open: recipient.initialisationVector[...]), attempt)
        return unsafe try padded.withBytes { bytes in
            let count = unsafe Int(bytes[0])
            let fits = (1...3).allSatisfy { unsafe bytes[$0] == ~bytes[$0 + 3] }
            guard fits, count >= 3, count + 4 <= bytes.count else {
                throw attempt.fault(.decryptionFailed, expected: "a message under the challenge that was sent")
            }
            return unsafe Secret(copying: UnsafeRawBufferPointer(rebasing: bytes[4..<(4 + count)]))
        }
    }
}

extension Secret {
    /// What was never secret, where one is asked for.
    fileprivate convenience init(open bytes: some Collection<UInt8>) {
        unsafe self.init(capacity: bytes.count) { target in
            unsafe target.copyBytes(from: bytes)
            return bytes.count
        }
    }
}

extension ContentCipher {
    /// AlgorithmIdentifier of the cipher in CBC.
    fileprivate func algorithm(_ vector: [UInt8]) -> [UInt8] {
        DERWriter.algorithm(identifier, parameters: DERWriter.octetString(vector))
    }
}
