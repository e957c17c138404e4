import Faults
import Testing
import Varlink

struct FrameReaderTests {
    private let stream = Array(#"{"method":"a.B"}"#.utf8) + [0] + Array(#"{"method":"c.D"}"#.utf8) + [0]

    @Test func `A stream that is split at any byte gives the same messages`() throws {
        for split in 0...stream.count {
            var reader = FrameReader()
            let frames = try reader.append(Array(stream[..<split])) + reader.append(Array(stream[split...]))
            #expect(frames.map(\.text) == [#"{"method":"a.B"}"#, #"{"method":"c.D"}"#], "split at \(split)")
        }
    }

    @Test func `Bytes that come one at a time give the same messages`() throws {
        var reader = FrameReader()
        let frames = try stream.flatMap { try reader.append([$0]) }
        #expect(frames.count == 2)
    }

    @Test func `A message of exactly the limit is read, one byte more is refused`() throws {
        var reader = FrameReader(limit: 1000)
        #expect(try reader.append([UInt8](repeating: 0x20, count: 1000) + [0]).first?.count == 1000)
        #expect(throwsCode(.frameTooLarge) { _ = try reader.append([UInt8](repeating: 0x20, count: 1001)) })
    }

    @Test func `A message that never ends is refused as soon as it passes the limit`() throws {
        var reader = FrameReader(limit: 1000)
        for _ in 0..<10 { #expect(try reader.append([UInt8](repeating: 0x20, count: 100)).isEmpty) }
        #expect(throwsCode(.frameTooLarge) { _ = try reader.append([0x20]) })
    }

    @Test func `A NUL with nothing before it is no message`() {
        var reader = FrameReader()
        #expect(throwsCode(.malformedFrame) { _ = try reader.append([0]) })
    }
}

extension Frame {
    var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }

    convenience init(_ text: String) { self.init(copying: Array(text.utf8)) }
}

/// Whether `body` throws a `VarlinkFault` of this code.
func throwsCode(_ code: VarlinkFaultCode, _ body: () throws -> Void) -> Bool {
    do {
        try body()
        return false
    } catch {
        return (error as? VarlinkFault)?.code == code
    }
}
