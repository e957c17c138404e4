import SCEP

enum CapabilitiesTarget {
    static func run(_ bytes: [UInt8]) throws -> Bool {
        let capabilities = Capabilities(body: bytes)
        try hold(capabilities.keywords.count <= 64, "there are \(capabilities.keywords.count) keywords")
        for keyword in capabilities.keywords {
            let isPlain = keyword.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
            try hold((1...64).contains(keyword.utf8.count) && isPlain, "a keyword is \(keyword.debugDescription)")
            try hold(keyword == keyword.lowercased(), "a keyword is not in lower case: \(keyword)")
        }
        // Written as a server should, they are read as the same.
        let again = Capabilities(body: Array(capabilities.keywords.joined(separator: "\r\n").utf8))
        try hold(again == capabilities, "\(again.keywords) were \(capabilities.keywords)")
        return !capabilities.keywords.isEmpty
    }

    static let examples: [(name: String, bytes: [UInt8])] = [
        ("standard", "POSTPKIOperation\nAES\nSHA-256\nSCEPStandard\nRenewal\n"),
        ("cr-lf", "AES\r\nDES3\r\nGetNextCACert\r\nSHA-1\r\n  sha-512 \r\nUpdate\r\n"),
        ("marked", "\u{FEFF}Renewal\rSHA-1"),
    ].map { ($0, Array($1.utf8)) }
}
