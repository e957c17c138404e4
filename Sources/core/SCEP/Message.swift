package import X509

/// messageType of the messages that Signet sends, and of the one it takes (RFC 8894 §3.2.1.2).
package enum MessageType: String, Sendable, Codable {
    case certRep = "3"
    case renewalReq = "17"
    case pkcsReq = "19"
    case certPoll = "20"
    case getCert = "21"
    case getCRL = "22"
}

/// pkiStatus (RFC 8894 §3.2.1.3).
package enum PKIStatus: String, Sendable {
    case success = "0"
    case failure = "2"
    case pending = "3"
}

/// failInfo (RFC 8894 §3.2.1.4). A server's own number is one, too: it says why, if only to who knows the server.
package struct FailInfo: RawRepresentable, Sendable, Codable, Equatable {
    package let rawValue: String

    package init(rawValue: String) {
        self.rawValue = rawValue
    }

    package static let badAlg = FailInfo(rawValue: "0")
    package static let badMessageCheck = FailInfo(rawValue: "1")
    package static let badRequest = FailInfo(rawValue: "2")
    package static let badTime = FailInfo(rawValue: "3")
    package static let badCertId = FailInfo(rawValue: "4")

    /// The RFC's own word for it, or what stands in place of its numbers.
    package var name: String {
        switch self {
        case .badAlg: "badAlg"
        case .badMessageCheck: "badMessageCheck"
        case .badRequest: "badRequest"
        case .badTime: "badTime"
        case .badCertId: "badCertId"
        default: "failInfo '\(rawValue)'"
        }
    }
}

/// The attributes of a SCEP message (RFC 8894 §3.2.1), below VeriSign's arc, and failInfoText.
package enum AttributeType {
    package static let messageType = ObjectIdentifier(2, 16, 840, 1, 113_733, 1, 9, 2)
    package static let pkiStatus = ObjectIdentifier(2, 16, 840, 1, 113_733, 1, 9, 3)
    package static let failInfo = ObjectIdentifier(2, 16, 840, 1, 113_733, 1, 9, 4)
    package static let senderNonce = ObjectIdentifier(2, 16, 840, 1, 113_733, 1, 9, 5)
    package static let recipientNonce = ObjectIdentifier(2, 16, 840, 1, 113_733, 1, 9, 6)
    package static let transactionID = ObjectIdentifier(2, 16, 840, 1, 113_733, 1, 9, 7)
    package static let failInfoText = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 24, 1)
}

/// Names one transaction in every message of it (RFC 8894 §3.2.1.1): 128 random bits as 32 hex digits, or what root's
/// file says.
package struct TransactionID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(random bytes: [UInt8]) {
        description = Hexadecimal.string(bytes)
    }

    /// nil where the text is no PrintableString of 1 to 64 characters.
    package init?(_ text: String) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isPrintable) else { return nil }
        description = text
    }

    /// The alphabet of PrintableString (X.680 §41.4).
    private static func isPrintable(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39: true
        default: " '()+,-./:=?".utf8.contains(octet)
        }
    }
}
