import Faults
import X509

/// The signed attributes of a SCEP message (V-03), as far as anybody looks at them.
struct CMSSignedAttributes {
    /// The attributes that are PrintableString.
    private(set) var texts: [ObjectIdentifier: String] = [:]
    /// The attributes that are OCTET STRING.
    private(set) var octets: [ObjectIdentifier: [UInt8]] = [:]
    private(set) var failInfoText: String?
    private let info: CMSContentInfo

    private static let limit = 64

    /// Reads SignedAttributes in any order. Each attribute that means something stands at most once with one value;
    /// contentType is data and messageDigest fits the digest (RFC 5652 §11).
    init(reading attributes: DERCursor, digest: DigestAlgorithm, _ info: CMSContentInfo) throws {
        self.info = info
        var attributes = attributes
        var seen: Set<ObjectIdentifier> = []
        var count = 0
        while !attributes.isAtEnd {
            count += 1
            guard count <= Self.limit else { throw attributes.fault(.limitExceeded, expected: "fewer attributes") }
            var attribute = try attributes.inside(try attributes.next(.sequence))
            let type = try attribute.readObjectIdentifier()
            var values = try attribute.inside(try attribute.next(.set))
            try attribute.finish()
            guard Self.isKnown(type) else { continue }
            guard seen.insert(type).inserted else {
                throw info.fault(.repeatedAttribute, expected: "each attribute once", got: "\(type)")
            }
            guard !values.isAtEnd else { throw refused(type, "one value", got: "none") }
            try take(type, &values, digest)
            guard values.isAtEnd else { throw refused(type, "one value", got: "several") }
        }
        for required in [ObjectIdentifier.contentType, ObjectIdentifier.messageDigest] where !seen.contains(required) {
            throw info.fault(.missingAttribute, expected: "\(required)")
        }
    }

    private static func isKnown(_ type: ObjectIdentifier) -> Bool {
        switch type {
        case .contentType, .messageDigest, .signingTime, AttributeType.messageType, AttributeType.pkiStatus,
            AttributeType.failInfo, AttributeType.failInfoText, AttributeType.transactionID,
            AttributeType.senderNonce, AttributeType.recipientNonce:
            true
        default: false
        }
    }

    private mutating func take(_ type: ObjectIdentifier, _ values: inout DERCursor, _ digest: DigestAlgorithm) throws {
        switch type {
        case ObjectIdentifier.contentType:
            guard values.nextTag == .objectIdentifier, try values.readObjectIdentifier() == CMSContentType.data else {
                throw refused(type, "content type data", got: "another")
            }
        case ObjectIdentifier.messageDigest:
            guard try readOctets(type, &values).count == digest.size else {
                throw refused(type, "\(digest.size) bytes", got: "another length")
            }
        case AttributeType.senderNonce, AttributeType.recipientNonce:
            octets[type] = try readOctets(type, &values)
        case AttributeType.failInfoText:
            // For people, and nothing else depends on it (RFC 8894 §3.2.1.4): what cannot be read is left out.
            let element = try values.next()
            if [.utf8String, .printableString, .ia5String, .t61String].contains(element.tag) {
                failInfoText = Self.printable(
                    String(decoding: values.bytes[element.content].prefix(800), as: UTF8.self))
            } else {
                failInfoText = values.text(of: element).map(Self.printable)
            }
        case ObjectIdentifier.signingTime:
            // The server's clock proves nothing.
            _ = try values.next()
        default:
            texts[type] = try readText(type, &values)
        }
    }

    private func readOctets(_ type: ObjectIdentifier, _ values: inout DERCursor) throws -> [UInt8] {
        guard let tag = values.nextTag, tag == .octetString || tag == DERTag.octetString.constructed else {
            throw refused(type, "OCTET STRING", got: values.nextTag)
        }
        return try values.readOctetString()
    }

    private func readText(_ type: ObjectIdentifier, _ values: inout DERCursor) throws -> String {
        guard values.nextTag == .printableString else { throw refused(type, "PrintableString", got: values.nextTag) }
        let octets = values.content(of: try values.next())
        guard octets.count <= 256, octets.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw refused(type, "at most 256 printable characters", got: "others")
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// The first 200 characters with everything replaced that could break a line, hide text or steer a terminal.
    private static func printable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(200) {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                scalars.append(" ")
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    private func refused(_ type: ObjectIdentifier, _ expected: String, got: DERTag?) -> CMSFault {
        refused(type, expected, got: got.map { "\($0)" } ?? "nothing")
    }

    private func refused(_ type: ObjectIdentifier, _ expected: String, got: String) -> CMSFault {
        info.fault(.attributeValue, expected: "\(expected) in \(type)", got: got)
    }
}
