import COpenSSL
import Secrets

/// A BIO in memory: libcrypto's way to read and write bytes.
@safe struct MemoryBIO: ~Copyable {
    /// `BIO *`, for the length of a call.
    let raw: OpaquePointer

    /// One to write into. What it holds is wiped when it ends (secure memory buffer, BIO_s_secmem(3)).
    init(_ attempt: borrowing Attempt) throws {
        unsafe raw = try attempt.made(BIO_new(BIO_s_secmem()))
    }

    /// One that reads bytes which must stay where they are for as long as it lives.
    @unsafe init(reading bytes: UnsafeRawBufferPointer, _ attempt: borrowing Attempt) throws {
        unsafe raw = try attempt.made(signet_bio_reading(bytes.baseAddress, bytes.count))
    }

    deinit { unsafe _ = BIO_free(raw) }

    /// Lends what was written.
    func withContents<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        var start: UnsafePointer<UInt8>? = nil
        let count = unsafe signet_bio_contents(raw, &start)
        return try unsafe body(UnsafeRawBufferPointer(start: start, count: count))
    }
}
