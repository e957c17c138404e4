import CLinux
import Secrets

/// The bytes of one message without the NUL that ends it, as they come over the wire.
///
/// A message may carry a secret, so the memory belongs to this object alone and is overwritten whenever it is given
/// up: on growth, on removal, and at the end.
package final class Frame {
    private var allocated: SecretMemory
    private var memory: UnsafeMutableRawBufferPointer { allocated.bytes }

    /// How many bytes there are.
    package private(set) var count = 0

    /// An empty message, to append to.
    package init() {
        allocated = SecretMemory(count: 512)
    }

    /// A message of these bytes.
    package convenience init(copying bytes: [UInt8]) {
        self.init()
        bytes.withUnsafeBytes { append($0) }
    }

    /// Lends the bytes for the length of `body`; they must not be kept.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    /// Copies bytes to the end.
    package func append(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        if count + bytes.count > memory.count { grow(toHold: count + bytes.count) }
        UnsafeMutableRawBufferPointer(rebasing: memory[count..<(count + bytes.count)]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Takes bytes out; what follows moves up, and nothing of them stays behind.
    ///
    /// - Parameter range: within the message.
    func remove(_ range: Range<Int>) {
        let tail = UnsafeRawBufferPointer(rebasing: memory[range.upperBound..<count])
        UnsafeMutableRawBufferPointer(rebasing: memory[range.lowerBound..<(range.lowerBound + tail.count)])
            .copyMemory(from: tail)
        let kept = count - range.count
        UnsafeMutableRawBufferPointer(rebasing: memory[kept..<count]).withMemoryRebound(to: UInt8.self) {
            signet_wipe($0.baseAddress, $0.count)
        }
        count = kept
    }

    private func grow(toHold needed: Int) {
        let larger = SecretMemory(count: max(needed, memory.count * 2))
        larger.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        allocated = larger
    }
}
