import Faults

/// How strictly elements are read.
package enum EncodingRules: Sendable {
    /// X.690 §10: definite, minimal lengths; primitive strings.
    case der
    /// X.690 §8: indefinite lengths, longer length octets and constructed strings too. Some SCEP servers send it.
    case ber
}

/// What a cursor refuses to go beyond.
package struct DERLimits: Sendable {
    /// How many elements may lie inside one another.
    package var depth: Int
    /// How many bytes the whole input may have.
    package var bytes: Int

    package init(depth: Int = 32, bytes: Int = 1 << 20) {
        self.depth = depth
        self.bytes = bytes
    }
}

/// Where one element lies in the bytes it was read from.
package struct DERElement: Sendable, Hashable {
    package let tag: DERTag
    /// The content octets.
    package let content: Range<Int>
    /// Identifier, length, content and, with an indefinite length, the end-of-contents octets.
    package let whole: Range<Int>
}

/// Reads ASN.1 elements one after another out of bytes that somebody else made.
///
/// A value over shared bytes: reading an element allocates nothing. Lengths are checked against what is there before
/// they are used, so no input traps. Every method throws `X509Fault`; its `got` names the offset.
package struct DERCursor: Sendable {
    package let bytes: [UInt8]
    package let rules: EncodingRules
    /// What is being read, as messages name it.
    package let subject: StaticString
    /// Offset of the next element.
    package private(set) var position: Int
    private let end: Int
    private let depth: Int

    /// A cursor over all bytes.
    ///
    /// - Parameter subject: what is being read, with its article: "the certificate".
    package init(
        _ bytes: [UInt8], reading subject: StaticString, rules: EncodingRules = .der, limits: DERLimits = DERLimits()
    ) throws(X509Fault) {
        self.init(bytes, 0..<bytes.count, subject, rules, depth: limits.depth)
        guard bytes.count <= limits.bytes else {
            throw fault(.limitExceeded, expected: "at most \(limits.bytes) bytes", got: "\(bytes.count)")
        }
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>, _ subject: StaticString, _ rules: EncodingRules, depth: Int) {
        self.bytes = bytes
        self.rules = rules
        self.subject = subject
        self.depth = depth
        position = range.lowerBound
        end = range.upperBound
    }

    /// Whether nothing is left.
    package var isAtEnd: Bool { position >= end }

    /// The next element's tag; nil at the end.
    package var nextTag: DERTag? { position < end ? DERTag(rawValue: bytes[position]) : nil }

    /// Reads the next element, whatever it is.
    package mutating func next() throws(X509Fault) -> DERElement {
        let header = try header(at: position)
        let element: DERElement
        if let length = header.length {
            let contentEnd = header.content + length
            element = DERElement(tag: header.tag, content: header.content..<contentEnd, whole: position..<contentEnd)
        } else {
            let contentEnd = try endOfContents(from: header.content)
            element = DERElement(
                tag: header.tag, content: header.content..<contentEnd, whole: position..<contentEnd + 2)
        }
        position = element.whole.upperBound
        return element
    }

    /// Reads the next element, which has to have this tag.
    package mutating func next(_ tag: DERTag) throws(X509Fault) -> DERElement {
        guard nextTag == tag else { throw unexpected(tag) }
        return try next()
    }

    /// Reads the next element if it has this tag.
    package mutating func nextIf(_ tag: DERTag) throws(X509Fault) -> DERElement? {
        nextTag == tag ? try next() : nil
    }

    /// A cursor over what lies inside an element that this cursor gave.
    package func inside(_ element: DERElement) throws(X509Fault) -> DERCursor {
        guard depth > 1 else { throw fault(.limitExceeded, expected: "fewer levels of nesting") }
        return DERCursor(bytes, element.content, subject, rules, depth: depth - 1)
    }

    /// Reads the element with this tag, lends a cursor over its inside, and refuses what `body` leaves unread.
    package mutating func read<Result>(
        _ tag: DERTag, _ body: (inout DERCursor) throws(X509Fault) -> Result
    ) throws(X509Fault) -> Result {
        var inner = try inside(try next(tag))
        let result = try body(&inner)
        try inner.finish()
        return result
    }

    /// `read(.sequence)`.
    package mutating func readSequence<Result>(
        _ body: (inout DERCursor) throws(X509Fault) -> Result
    ) throws(X509Fault) -> Result {
        try read(.sequence, body)
    }

    /// Refuses bytes that follow.
    package func finish() throws(X509Fault) {
        guard isAtEnd else { throw fault(.trailingBytes, expected: "the end") }
    }

    /// The content octets as an array of their own.
    package func content(of element: DERElement) -> [UInt8] { Array(bytes[element.content]) }

    /// The element with tag and length as an array of its own.
    package func encoding(of element: DERElement) -> [UInt8] { Array(bytes[element.whole]) }

    /// A fault that names this cursor's subject and position.
    package func fault(
        _ code: X509FaultCode, expected: String? = nil, got: String? = nil, at offset: Int? = nil
    ) -> X509Fault {
        let place = "offset \(offset ?? position)"
        return X509Fault(
            code, attempted: "read \(subject)", expected: expected, got: got.map { "\($0), \(place)" } ?? place)
    }

    private func unexpected(_ tag: DERTag) -> X509Fault {
        guard let nextTag else { return fault(.truncated, expected: "\(tag)") }
        return fault(.unexpectedTag, expected: "\(tag)", got: "\(nextTag)")
    }
}

extension DERCursor {
    /// Tag, where the content starts, and its length; nil where the length is indefinite.
    private func header(at start: Int) throws(X509Fault) -> (tag: DERTag, content: Int, length: Int?) {
        guard end - start >= 2 else { throw fault(.truncated, at: start) }
        let tag = DERTag(rawValue: bytes[start])
        guard tag.rawValue != 0, tag.rawValue & 0x1F != 0x1F else {
            throw fault(.invalidEncoding, expected: "a tag number from 1 to 30", at: start)
        }
        let first = bytes[start + 1]
        var content = start + 2
        var length = Int(first)
        if first == 0x80 {
            guard rules == .ber, tag.isConstructed else {
                throw fault(.invalidEncoding, expected: "a definite length", at: start)
            }
            return (tag, content, nil)
        } else if first > 0x80 {
            let octets = Int(first & 0x7F)
            guard octets <= 8 else { throw fault(.limitExceeded, expected: "at most 8 length octets", at: start) }
            guard octets <= end - content else { throw fault(.truncated, at: start) }
            length = 0
            for octet in bytes[content..<content + octets] {
                guard length <= Int.max >> 8 else { throw fault(.limitExceeded, expected: "a length", at: start) }
                length = length << 8 | Int(octet)
            }
            if rules == .der, length < 0x80 || bytes[content] == 0 {
                throw fault(.invalidEncoding, expected: "the shortest length", at: start)
            }
            content += octets
        }
        guard length <= end - content else { throw fault(.truncated, at: start) }
        return (tag, content, length)
    }

    /// Offset of the end-of-contents octets that close the indefinite length whose content starts at `start`.
    private func endOfContents(from start: Int) throws(X509Fault) -> Int {
        var offset = start
        var open = 1
        while true {
            guard end - offset >= 2 else { throw fault(.truncated, expected: "end-of-contents octets", at: offset) }
            if bytes[offset] == 0 {
                guard bytes[offset + 1] == 0 else { throw fault(.invalidEncoding, at: offset) }
                open -= 1
                if open == 0 { return offset }
                offset += 2
                continue
            }
            let header = try header(at: offset)
            if let length = header.length {
                offset = header.content + length
            } else {
                open += 1
                guard open < depth else { throw fault(.limitExceeded, expected: "fewer levels of nesting", at: offset) }
                offset = header.content
            }
        }
    }
}
