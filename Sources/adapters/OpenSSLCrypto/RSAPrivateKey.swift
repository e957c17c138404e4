import COpenSSL
import SCEP
import X509

/// Reads an RSA key without libcrypto's decoders: for each key they try every format they know, which takes longer than a
/// signature. What does not look as Signet writes it is left to them.
enum RSAPrivateKey {
    /// - Returns: `EVP_PKEY *`, the caller's to free, and its DER SubjectPublicKeyInfo; nil where this is no
    ///   unencrypted RSA key in PKCS#8 (RFC 5958 §2).
    static func read(
        pem: UnsafeRawBufferPointer, _ attempt: borrowing Attempt
    ) throws -> (key: OpaquePointer, publicKeyInfo: [UInt8])? {
        let bio = unsafe try MemoryBIO(reading: pem, attempt)
        var start: UnsafeMutablePointer<UInt8>? = nil
        var count = 0
        // Into memory that is wiped, with no passphrase.
        guard
            unsafe PEM_bytes_read_bio_secmem(
                &start, &count, nil, PEM_STRING_PKCS8INF, bio.raw, { _, _, _, _ in -1 }, nil) == 1
        else { return nil }
        defer { unsafe CRYPTO_secure_clear_free(start, count, nil, 0) }
        guard let parts = unsafe parts(UnsafeRawBufferPointer(start: start, count: count)) else { return nil }
        let key = unsafe try assemble(parts, attempt)
        // RSAPublicKey: of modulus and exponent nothing is secret.
        let open = unsafe DERWriter.sequence(
            DERWriter.integer(content: Array(parts[0])), DERWriter.integer(content: Array(parts[1])))
        let algorithm = DERWriter.algorithm(.rsaEncryption, parameters: DERWriter.element(.null, []))
        return unsafe (key, DERWriter.sequence(algorithm, DERWriter.bitString(open)))
    }

    private static func parts(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer]? {
        var outer = unsafe RawDER(bytes)
        guard var info = unsafe outer.inside(.sequence), unsafe outer.isAtEnd,
            unsafe info.next(.integer)?.elementsEqual([0]) == true, var kind = unsafe info.inside(.sequence),
            unsafe kind.next(.objectIdentifier)?.elementsEqual(ObjectIdentifier.rsaEncryption.content) == true,
            unsafe kind.next(.null) != nil, unsafe kind.isAtEnd,
            var octets = unsafe info.inside(.octetString), unsafe info.isAtEnd,
            var key = unsafe octets.inside(.sequence), unsafe octets.isAtEnd,
            unsafe key.next(.integer)?.elementsEqual([0]) == true
        else { return nil }
        var parts: [UnsafeRawBufferPointer] = unsafe []
        // RSAPrivateKey (RFC 8017 appendix A.1.2).
        for _ in RSASoundness.names {
            guard let part = unsafe key.next(.integer), let first = unsafe part.first, first < 0x80 else { return nil }
            unsafe parts.append(part)
        }
        return unsafe key.isAtEnd ? parts : nil
    }

    private static func assemble(
        _ parts: [UnsafeRawBufferPointer], _ attempt: borrowing Attempt
    ) throws -> OpaquePointer {
        let builder = unsafe try attempt.made(OSSL_PARAM_BLD_new())
        defer { unsafe OSSL_PARAM_BLD_free(builder) }
        var numbers: [OpaquePointer] = unsafe []
        defer { unsafe numbers.forEach { unsafe BN_clear_free($0) } }
        for (index, name) in RSASoundness.names.enumerated() {
            let part = unsafe parts[index]
            // The builder keeps the pointer, not the text.
            let kept = unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
            let number = unsafe try attempt.made(BN_secure_new())
            unsafe numbers.append(number)
            unsafe _ = try attempt.made(
                BN_bin2bn(part.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(part.count), number))
            unsafe try attempt.check(OSSL_PARAM_BLD_push_BN(builder, kept, number))
        }
        guard unsafe try RSASoundness.holds(numbers, attempt) else {
            throw attempt.fault(.unusableKey, expected: "a sound RSA key")
        }
        let parameters = unsafe try attempt.made(OSSL_PARAM_BLD_to_param(builder))
        defer { unsafe OSSL_PARAM_free(parameters) }
        let context = unsafe try attempt.made(EVP_PKEY_CTX_new_from_name(nil, "RSA", nil))
        defer { unsafe EVP_PKEY_CTX_free(context) }
        unsafe try attempt.check(EVP_PKEY_fromdata_init(context))
        var made: OpaquePointer? = nil
        unsafe try attempt.check(
            EVP_PKEY_fromdata(context, &made, signet_key_pair, parameters), .unusableKey, expected: "a sound RSA key")
        return unsafe try attempt.made(made)
    }
}

/// DER in memory that must not be copied; an element is where its content lies.
@unsafe private struct RawDER {
    private var rest: UnsafeRawBufferPointer.SubSequence

    init(_ bytes: UnsafeRawBufferPointer) { unsafe rest = unsafe bytes[...] }

    var isAtEnd: Bool { unsafe rest.isEmpty }

    /// What lies in the next element; nil as for `next`.
    mutating func inside(_ tag: DERTag) -> RawDER? { unsafe next(tag).map { unsafe RawDER($0) } }

    /// The content of the next element; nil where it has another tag, or more than 65535 bytes, or goes on after the end.
    mutating func next(_ tag: DERTag) -> UnsafeRawBufferPointer? {
        guard unsafe rest.popFirst() == tag.rawValue, let first = unsafe rest.popFirst() else { return nil }
        var count = Int(first)
        if first >= 0x80 {
            guard first == 0x81 || first == 0x82 else { return nil }
            count = 0
            for _ in 0x80..<first {
                guard let octet = unsafe rest.popFirst() else { return nil }
                count = count << 8 | Int(octet)
            }
        }
        guard unsafe count <= rest.count else { return nil }
        let content = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        unsafe rest = unsafe rest.dropFirst(count)
        return unsafe content
    }
}
