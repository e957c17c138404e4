import TestPKI
import X509

enum CursorTarget {
    /// The readers of one value, for a cursor that stands before it, by the tags that they take.
    private static let readers: [DERTag: [@Sendable (inout DERCursor) throws -> Void]] = [
        .boolean: [{ _ = try $0.readBoolean() }],
        .integer: [{ _ = try $0.readInteger() }, { _ = try $0.readSmallInteger() }],
        .objectIdentifier: [{ _ = try $0.readObjectIdentifier().description }],
        .bitString: [{ _ = try $0.readBitString() }, { _ = try $0.readNamedBits() }],
        .octetString: [{ _ = try $0.readOctetString() }],
        .octetString.constructed: [{ _ = try $0.readOctetString() }],
        .utcTime: [{ _ = try $0.readTime() }],
        .generalizedTime: [{ _ = try $0.readTime() }],
        .sequence: [{ _ = try $0.readName().description }, { _ = try $0.readSignatureAlgorithm() }],
    ]

    static func run(_ bytes: [UInt8]) throws -> Bool {
        var isRead = false
        for rules in [EncodingRules.der, .ber] {
            let cursor = try DERCursor(bytes, reading: "the input", rules: rules)
            var visits = 0
            if try walk(cursor, within: 0..<bytes.count, &visits) { isRead = true }
        }
        do throws(X509Fault) {
            _ = try CertificateRequest(der: bytes)
        } catch {
            try holdPrintable("\(error)")
        }
        return isRead
    }

    /// Goes through all that the cursor gives and into what lies inside; answers whether it came to the end.
    private static func walk(_ start: DERCursor, within bounds: Range<Int>, _ visits: inout Int) throws -> Bool {
        var cursor = start
        while !cursor.isAtEnd {
            // An element has two octets at least, and lies within 31 others at most.
            visits += 1
            try hold(visits <= 16 * start.bytes.count, "the walk does not end")
            let before = cursor.position
            let standing = cursor
            let element: DERElement?
            do throws(X509Fault) {
                element = try cursor.next()
            } catch {
                try holdPrintable("\(error)")
                element = nil
            }
            for read in standing.nextTag.flatMap({ readers[$0] }) ?? [] {
                var copy = standing
                guard (try? read(&copy)) != nil else { continue }
                try hold(copy.position == element?.whole.upperBound, "a reader went from \(before) to \(copy.position)")
            }
            guard let element else { return false }
            let isPlaced =
                element.whole.lowerBound == before && element.whole.upperBound == cursor.position
                && element.content.lowerBound >= before + 2 && element.content.upperBound <= element.whole.upperBound
                && element.whole.upperBound <= bounds.upperBound
            try hold(isPlaced, "an element is at \(element), in \(bounds)")
            try holdSame(element, of: standing)
            _ = standing.text(of: element)
            if element.tag.isConstructed, let inside = try? standing.inside(element) {
                _ = try walk(inside, within: element.content, &visits)
            }
        }
        return true
    }

    /// What DER admits, BER reads as the same.
    private static func holdSame(_ element: DERElement, of cursor: DERCursor) throws {
        guard cursor.rules == .ber,
            var strict = try? DERCursor(Array(cursor.bytes[element.whole]), reading: "the input"),
            let same = try? strict.next()
        else { return }
        try hold(strict.isAtEnd && same.content.count == element.content.count, "DER and BER differ: \(element)")
    }

    static func examples() throws -> [(name: String, bytes: [UInt8])] {
        let scene = try ReplyScene.shared.get()
        let times = DERWriter.sequence(
            DERWriter.string(.utcTime, "260101000000Z"), DERWriter.string(.generalizedTime, "20480229235959Z"))
        let texts = DERWriter.sequence(
            DERWriter.element(.boolean, [0xFF]), DERWriter.element(.bitString, [5, 0xA0]),
            DERWriter.element(.bmpString, [0, 0x41, 0x20, 0xAC]), DERWriter.element(.universalString, [0, 1, 0xF6, 0]),
            DERWriter.element(.t61String, [0xE4]), DERWriter.string(.utf8String, "ä"))
        return [
            ("certificate", scene.issued.der), ("name", scene.root.certificate.subject.der), ("times", times),
            ("texts", texts),
            ("segments", [0x24, 0x80, 0x04, 0x01, 0x61, 0x24, 0x80, 0x04, 0x01, 0x62, 0, 0, 0, 0]),
            ("long-lengths", [0x30, 0x83, 0, 0, 4, 0x02, 0x81, 1, 7]),
        ]
    }
}
