import COpenSSL

/// A call to libcrypto that failed, with the library's own words.
package struct TestPKIError: Error, CustomStringConvertible {
    package let description: String

    init(_ call: String) {
        var buffer = [CChar](repeating: 0, count: 256)
        let code = ERR_peek_last_error()
        ERR_error_string_n(code, &buffer, buffer.count)
        ERR_clear_error()
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        description = "\(call): \(text)"
    }
}

/// One object of libcrypto's, freed with its owner.
final class Owned {
    let pointer: OpaquePointer
    private let free: (OpaquePointer) -> Void

    init(_ pointer: OpaquePointer?, _ call: String, free: @escaping (OpaquePointer?) -> Void) throws {
        guard let pointer else { throw TestPKIError(call) }
        self.pointer = pointer
        self.free = free
    }

    deinit { free(pointer) }
}

/// Throws unless a call answered 1 or more.
func check(_ result: Int32, _ call: String) throws {
    guard result > 0 else { throw TestPKIError(call) }
}

/// What one of the `i2d_` functions writes.
func encoded(_ call: String, _ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) throws -> [UInt8]
{
    let length = write(nil)
    try check(length, call)
    return [UInt8](unsafeUninitializedCapacity: Int(length)) { buffer, count in
        var position = buffer.baseAddress
        count = Int(max(write(&position), 0))
    }
}

/// What one of the `d2i_` functions reads.
func decoded(
    _ bytes: [UInt8], _ call: String, free: @escaping (OpaquePointer?) -> Void,
    _ read: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
) throws -> Owned {
    try bytes.withUnsafeBufferPointer { buffer in
        var position = buffer.baseAddress
        return try Owned(read(&position, buffer.count), call, free: free)
    }
}

/// A memory BIO that holds these bytes.
func memory(_ bytes: [UInt8] = []) throws -> Owned {
    let bio = try Owned(BIO_new(BIO_s_mem()), "BIO_new") { BIO_free($0) }
    if !bytes.isEmpty { try check(BIO_write(bio.pointer, bytes, Int32(bytes.count)), "BIO_write") }
    return bio
}

/// Everything a memory BIO holds.
func contents(of bio: Owned) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(bio.pointer))
    let count = BIO_read(bio.pointer, &bytes, Int32(bytes.count))
    return Array(bytes.prefix(Int(max(count, 0))))
}

/// A stack of certificates; they are copied into it.
func stack(of certificates: [[UInt8]]) throws -> Owned {
    let stack = try Owned(OPENSSL_sk_new_null(), "OPENSSL_sk_new_null") { stack in
        while let certificate = OPENSSL_sk_pop(stack) { X509_free(OpaquePointer(certificate)) }
        OPENSSL_sk_free(stack)
    }
    for der in certificates {
        let pushed = der.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            return d2i_X509(nil, &position, buffer.count)
        }
        guard let pushed else { throw TestPKIError("d2i_X509") }
        OPENSSL_sk_push(stack.pointer, UnsafeRawPointer(pushed))
    }
    return stack
}

func object(_ identifier: String) throws -> Owned {
    try Owned(OBJ_txt2obj(identifier, 1), "OBJ_txt2obj \(identifier)") { ASN1_OBJECT_free($0) }
}

func messageDigest(_ name: String) throws -> OpaquePointer {
    guard let digest = EVP_get_digestbyname(name) else { throw TestPKIError("EVP_get_digestbyname \(name)") }
    return digest
}

extension TestKey {
    func load() throws -> Owned {
        let bio = try memory(pem)
        return try Owned(PEM_read_bio_PrivateKey(bio.pointer, nil, nil, nil), "PEM_read_bio_PrivateKey") {
            EVP_PKEY_free($0)
        }
    }

    /// DER SubjectPublicKeyInfo.
    package func publicKeyInfo() throws -> [UInt8] {
        let key = try load()
        return try encoded("i2d_PUBKEY") { i2d_PUBKEY(key.pointer, $0) }
    }
}

func loadCertificate(_ der: [UInt8]) throws -> Owned {
    try decoded(der, "d2i_X509", free: { X509_free($0) }) { d2i_X509(nil, $0, $1) }
}
