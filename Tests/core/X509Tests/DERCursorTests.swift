import Faults
import Testing
import X509

/// The code of the fault that `body` throws; nil where it throws none.
func code(_ body: () throws(X509Fault) -> Void) -> X509FaultCode? {
    do throws(X509Fault) {
        try body()
        return nil
    } catch {
        return error.code
    }
}

func cursor(_ bytes: [UInt8], _ rules: EncodingRules = .der, depth: Int = 32) throws -> DERCursor {
    try DERCursor(bytes, reading: "the vector", rules: rules, limits: DERLimits(depth: depth))
}

@Suite struct DERCursorTests {
    @Test func `elements are read one after another and the rest is refused`() throws {
        var outer = try cursor([0x30, 0x06, 0x02, 0x01, 0x05, 0x01, 0x01, 0xFF, 0x05, 0x00])
        let (number, flag) = try outer.readSequence { (inner) throws(X509Fault) in
            (try inner.readSmallInteger(), try inner.readBoolean())
        }
        #expect(number == 5 && flag)
        #expect(code { () throws(X509Fault) in try outer.finish() } == .trailingBytes)
        #expect(try outer.next(.null).content.isEmpty)
        #expect(outer.isAtEnd)
    }

    @Test func `what a body leaves unread is refused`() throws {
        var outer = try cursor([0x30, 0x03, 0x02, 0x01, 0x05])
        #expect(code { () throws(X509Fault) in try outer.readSequence { (_) throws(X509Fault) in } } == .trailingBytes)
    }

    @Test(
        arguments: [
            ([], X509FaultCode.truncated), ([0x30], .truncated), ([0x30, 0x01], .truncated),
            ([0x30, 0x82, 0x01], .truncated),
            ([0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], .truncated),
            ([0x30, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .limitExceeded),
            ([0x30, 0x88, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .truncated),
            ([0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0], .limitExceeded), ([0x30, 0xFF], .limitExceeded),
            ([0x30, 0x81, 0x01, 0x05], .invalidEncoding), ([0x30, 0x82, 0x00, 0x80], .invalidEncoding),
            ([0x30, 0x80, 0x00, 0x00], .invalidEncoding), ([0x00, 0x00], .invalidEncoding),
            ([0x1F, 0x81, 0x01, 0x00], .invalidEncoding),
        ] as [([UInt8], X509FaultCode)])
    func `a header that DER forbids is refused`(bytes: [UInt8], expected: X509FaultCode) throws {
        var outer = try cursor(bytes)
        #expect(code { () throws(X509Fault) in _ = try outer.next() } == expected)
    }

    @Test func `a long length with a leading zero is refused under DER and read under BER`() throws {
        let bytes: [UInt8] = [0x04, 0x82, 0x00, 0x80] + [UInt8](repeating: 7, count: 0x80)
        var strict = try cursor(bytes)
        #expect(code { () throws(X509Fault) in _ = try strict.next() } == .invalidEncoding)
        var lenient = try cursor(bytes, .ber)
        #expect(try lenient.next().content.count == 0x80)
    }

    @Test func `indefinite lengths nest and are read under BER`() throws {
        var outer = try cursor([0x30, 0x80, 0x30, 0x80, 0x02, 0x01, 0x05, 0, 0, 0x05, 0x00, 0, 0], .ber)
        let number = try outer.readSequence { (middle) throws(X509Fault) in
            let number = try middle.readSequence { (inner) throws(X509Fault) in try inner.readSmallInteger() }
            _ = try middle.next(.null)
            return number
        }
        try outer.finish()
        #expect(number == 5)
    }

    @Test(
        arguments: [
            [0x30, 0x80], [0x30, 0x80, 0x00], [0x30, 0x80, 0x00, 0x01], [0x30, 0x80, 0x02, 0x05, 0x01, 0x00, 0x00],
            [0x04, 0x80, 0x00, 0x00], [0x30, 0x80, 0x30, 0x80, 0x00, 0x00],
        ] as [[UInt8]])
    func `an indefinite length that does not end is refused`(bytes: [UInt8]) throws {
        var outer = try cursor(bytes, .ber)
        #expect(code { () throws(X509Fault) in _ = try outer.next() } != nil)
    }

    @Test func `nesting has a limit, definite or not`() throws {
        var outer = try cursor([0x30, 0x06, 0x30, 0x04, 0x30, 0x02, 0x30, 0x00], depth: 3)
        for _ in 0..<2 { outer = try outer.inside(try outer.next()) }
        let element = try outer.next()
        #expect(code { () throws(X509Fault) in _ = try outer.inside(element) } == .limitExceeded)

        let deep = [[UInt8]](repeating: [0x30, 0x80], count: 10_000).flatMap { $0 }
        var indefinite = try cursor(deep, .ber)
        #expect(code { () throws(X509Fault) in _ = try indefinite.next() } == .limitExceeded)
    }

    @Test func `the size of the input has a limit`() {
        let limits = DERLimits(bytes: 3)
        #expect(
            code { () throws(X509Fault) in _ = try DERCursor([5, 0, 5, 0], reading: "the vector", limits: limits) }
                == .limitExceeded)
    }

    @Test func `constructed octet strings are put together under BER only`() throws {
        let bytes: [UInt8] = [0x24, 0x80, 0x04, 0x02, 1, 2, 0x24, 0x03, 0x04, 0x01, 3, 0x04, 0x00, 0, 0]
        var lenient = try cursor(bytes, .ber)
        #expect(try lenient.readOctetString() == [1, 2, 3])
        try lenient.finish()
        var strict = try cursor(bytes)
        #expect(code { () throws(X509Fault) in _ = try strict.readOctetString() } == .unexpectedTag)
        var implicit = try cursor([0xA0, 0x04, 0x04, 0x02, 8, 9], .ber)
        #expect(try implicit.readOctetString(.contextPrimitive(0)) == [8, 9])
        var foreign = try cursor([0x24, 0x03, 0x02, 0x01, 3], .ber)
        #expect(code { () throws(X509Fault) in _ = try foreign.readOctetString() } == .unexpectedTag)
    }

    @Test(arguments: [[0x02, 0x00], [0x02, 0x02, 0x00, 0x7F], [0x02, 0x02, 0xFF, 0x80]] as [[UInt8]])
    func `an integer longer than it need be is refused`(bytes: [UInt8]) throws {
        var outer = try cursor(bytes, .ber)
        #expect(code { () throws(X509Fault) in _ = try outer.readInteger() } == .invalidEncoding)
    }

    @Test func `small integers are neither negative nor large`() throws {
        var largest = try cursor([0x02, 0x04, 0x7F, 0xFF, 0xFF, 0xFF])
        #expect(try largest.readSmallInteger() == 0x7FFF_FFFF)
        for bytes: [UInt8] in [[0x02, 0x01, 0xFF], [0x02, 0x05, 0x00, 0xFF, 0xFF, 0xFF, 0xFF]] {
            var outer = try cursor(bytes)
            #expect(code { () throws(X509Fault) in _ = try outer.readSmallInteger() } == .unexpectedValue)
        }
    }

    @Test(
        arguments: [[0x06, 0x00], [0x06, 0x01, 0x80], [0x06, 0x02, 0x80, 0x01], [0x06, 0x02, 0x2A, 0x86]] as [[UInt8]])
    func `an object identifier of broken arcs is refused`(bytes: [UInt8]) throws {
        var outer = try cursor(bytes)
        #expect(code { () throws(X509Fault) in _ = try outer.readObjectIdentifier() } == .invalidEncoding)
    }

    @Test func `named bits come lowest first`() throws {
        var outer = try cursor([0x03, 0x02, 0x05, 0xA0, 0x03, 0x03, 0x07, 0x00, 0x80, 0x03, 0x01, 0x00])
        #expect(try outer.readNamedBits() == 0b101)
        #expect(try outer.readNamedBits() == 1 << 8)
        #expect(try outer.readNamedBits() == 0)
    }

    @Test func `strings are decoded by their type`() throws {
        func text(_ bytes: [UInt8]) throws -> String? {
            var outer = try cursor(bytes)
            return outer.text(of: try outer.next())
        }
        #expect(try text([0x0C, 0x02, 0xC3, 0xA4]) == "ä")
        #expect(try text([0x0C, 0x01, 0xC3]) == nil)
        #expect(try text([0x13, 0x01, 0x41]) == "A")
        #expect(try text([0x13, 0x01, 0xC3]) == nil)
        #expect(try text([0x14, 0x01, 0xE4]) == "ä")
        #expect(try text([0x1E, 0x02, 0x00, 0xE4]) == "ä")
        #expect(try text([0x1E, 0x01, 0x00]) == nil)
        #expect(try text([0x1E, 0x02, 0xD8, 0x00]) == nil)
        #expect(try text([0x1C, 0x04, 0x00, 0x01, 0xF6, 0x00]) == "😀")
        #expect(try text([0x04, 0x01, 0x41]) == nil)
    }
}
