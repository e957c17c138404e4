import CLinux

/// Zeroed memory for secrets, in pages of its own: left out of core dumps, kept out of swap as far as the process may
/// lock memory, and overwritten before it is given back.
package struct SecretMemory: ~Copyable {
    /// At least one byte.
    package let bytes: UnsafeMutableRawBufferPointer

    package init(count: Int) {
        let count = max(count, 1)
        bytes = UnsafeMutableRawBufferPointer(start: signet_secret_pages(count), count: count)
    }

    deinit { signet_end_secret_pages(bytes.baseAddress, bytes.count) }
}
