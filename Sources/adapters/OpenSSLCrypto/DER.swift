import COpenSSL
import SCEP

/// Decodes DER or BER with one of libcrypto's `d2i_…` functions.
///
/// - Returns: nil where the bytes are not the structure, or go on after it; a `d2i_…` by itself ignores what follows.
func decode<Structure>(
    _ bytes: [UInt8],
    with d2i: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> Structure?,
    free: (Structure) -> Void
) -> Structure? {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return nil }
        var position: UnsafePointer<UInt8>? = unsafe start
        guard let structure = unsafe d2i(&position, buffer.count) else { return nil }
        guard unsafe position == start + buffer.count else {
            free(structure)
            return nil
        }
        return structure
    }
}

/// The DER that one of libcrypto's `i2d_…` functions writes.
func encode(_ attempt: borrowing Attempt, with i2d: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32)
    throws
    -> [UInt8]
{
    let count = Int(i2d(nil))
    guard count > 0 else { throw attempt.fault(.libraryFailure) }
    return unsafe try [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
        written = try unsafe encode(into: buffer.baseAddress, count: count, attempt, with: i2d)
    }
}

private func encode(
    into start: UnsafeMutablePointer<UInt8>?, count: Int, _ attempt: borrowing Attempt,
    with i2d: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws -> Int {
    var position = unsafe start
    guard unsafe Int(i2d(&position)) == count else { throw attempt.fault(.libraryFailure) }
    return count
}
