import Synchronization

/// Bytes that must not outlive their use: a challenge, a private key, a token.
///
/// They live in `SecretMemory` that this object alone owns, are never copied into Swift strings or arrays by it, and are
/// overwritten when the object ends. It prints as its length only, so that it may stand in any message.
package final class Secret: @unchecked Sendable {
    private let memory: SecretMemory
    /// How many bytes there are.
    package let count: Int

    /// Makes a secret of `count` bytes and lets `fill` write them; what `fill` leaves unwritten is zero.
    ///
    /// - Parameter fill: returns how many bytes it wrote; the rest is cut off. Its errors are passed on.
    package init(capacity: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows {
        memory = SecretMemory(count: capacity)
        let written = try fill(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<capacity]))
        count = min(max(written, 0), capacity)
    }

    /// Copies bytes that the caller owns, and wipes itself, if it must.
    package convenience init(copying source: UnsafeRawBufferPointer) {
        self.init(capacity: source.count) { target in
            target.copyMemory(from: source)
            return source.count
        }
    }

    private let kept = Mutex<(any AnyObject & Sendable)?>(nil)

    /// What a reader once made of the bytes, such as a key out of its PEM: made at the first call, and it ends with the
    /// secret. One kind of reader: another's is made anew, and takes the place.
    ///
    /// - Parameter make: may be called once more by a thread that comes at the same time. Its errors are passed on.
    package func derived<Value: AnyObject & Sendable>(_ make: () throws -> Value) rethrows -> Value {
        if let value = kept.withLock({ $0 }) as? Value { return value }
        let value = try make()
        kept.withLock { $0 = value }
        return value
    }

    private var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory.bytes[..<count]) }

    /// Whether there is nothing in it.
    package var isEmpty: Bool { count == 0 }

    /// Lends the bytes for the length of `body`; they must not be kept.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(bytes)
    }

    /// The same bytes without white space and line ends at either side, as files and commands append them.
    package func trimmed() -> Secret {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var start = 0
        var end = bytes.count
        while start < end, isSpace(bytes[start]) { start += 1 }
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        return Secret(copying: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
    }
}

extension Secret: CustomStringConvertible, CustomReflectable {
    package var description: String { "(secret, \(count) bytes)" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
