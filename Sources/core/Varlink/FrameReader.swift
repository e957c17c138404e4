import Faults

/// Cuts a stream of bytes into messages at the NUL that ends each.
///
/// It holds at most one unfinished message, of at most `limit` bytes.
package struct FrameReader {
    /// The most bytes that a message may have where nothing else is said.
    package static let defaultLimit = 256 * 1024

    private let limit: Int
    private var unfinished = Frame()

    /// - Parameter limit: the most bytes that a message may have, without its NUL.
    package init(limit: Int = FrameReader.defaultLimit) {
        self.limit = limit
    }

    /// Takes the next bytes of the stream, and answers with the messages that they complete, in order.
    ///
    /// - Throws: `VarlinkFault`: `.frameTooLarge`, or `.malformedFrame` for a NUL with nothing before it. The stream
    ///   cannot be read on after either.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws -> [Frame] {
        var frames: [Frame] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            let end = bytes[start...].firstIndex(of: 0)
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<(end ?? bytes.endIndex)])
            guard unfinished.count + piece.count <= limit else {
                throw VarlinkFault(
                    .frameTooLarge, attempted: "read a Varlink message", expected: "at most \(limit) bytes")
            }
            unfinished.append(piece)
            guard let end else { break }
            guard unfinished.count > 0 else {
                throw VarlinkFault(
                    .malformedFrame, attempted: "read a Varlink message", expected: "a JSON object", got: "nothing")
            }
            frames.append(unfinished)
            unfinished = Frame()
            start = end + 1
        }
        return frames
    }

    /// The same for bytes in an array.
    package mutating func append(_ bytes: [UInt8]) throws -> [Frame] {
        try bytes.withUnsafeBytes { try append($0) }
    }
}
