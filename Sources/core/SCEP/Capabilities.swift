/// What a server says it can do (RFC 8894 §3.5.2). Unauthenticated, so it may raise what is used, never lower it.
package struct Capabilities: Sendable, Equatable {
    /// Keywords in lower case, as whole lines; unknown ones are kept for diagnosis only.
    package let keywords: Set<String>

    /// A server that answered nothing usable has none.
    package static let none = Capabilities(keywords: [])

    package init(keywords: Set<String>) {
        self.keywords = keywords
    }

    /// Reads a GetCACaps body: lines ended by CRLF, LF or CR, matched whole and without regard to case. Bytes that
    /// are not printable ASCII, lines over 64 bytes and lines past the 64th are left out. A page, as portals send it, has
    /// no keyword, whatever words stand in it, nor is a line one that begins as a page does.
    package init(body: [UInt8]) {
        var keywords: Set<String> = []
        let withoutMark = body.starts(with: [0xEF, 0xBB, 0xBF]) ? body.dropFirst(3) : body[...]
        let isPage = withoutMark.first { $0 > 0x20 } == Self.tag
        for line in isPage ? [] : withoutMark.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).prefix(64) {
            let printable = line.count <= 64 && line.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
            guard printable else { continue }
            let isSpace = { (octet: UInt8) in octet == 0x20 || octet == 0x09 }
            let word = line.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
            if let first = word.first, first != Self.tag {
                keywords.insert(String(decoding: word, as: UTF8.self).lowercased())
            }
        }
        self.keywords = keywords
    }

    /// SCEPStandard implies AES, SHA-256 and POST (RFC 8894 §2.9).
    package var isStandard: Bool { keywords.contains("scepstandard") }
    /// PKIOperation goes by POST; without it by GET (RFC 8894 §4.1).
    package var offersPost: Bool { isStandard || keywords.contains("postpkioperation") }
    package var offersAES: Bool { isStandard || keywords.contains("aes") }
    /// RenewalReq (17), which not all that say so take (RFC 8894 §2.5), and which SCEPStandard does not stand for (§3.5.2).
    package var offersRenewal: Bool { keywords.contains("renewal") }
    package var offersNextCA: Bool { keywords.contains("getnextcacert") }
    package var offersSHA256: Bool { isStandard || keywords.contains("sha-256") }

    /// The registered keywords among them, and those that SCEPStandard stands for, sorted (RFC 8894 §3.5.2): what is worth
    /// to be remembered.
    package var registered: [String] {
        keywords.intersection(Self.registeredKeywords).union(isStandard ? Self.standard : []).sorted()
    }

    /// Keywords on which the strength of requests depends.
    package static let algorithms: Set<String> = ["aes", "sha-256", "sha-512"]

    /// What HTML begins with.
    private static let tag: UInt8 = 0x3C
    private static let standard: Set<String> = ["aes", "postpkioperation", "sha-256"]
    private static let registeredKeywords: Set<String> = algorithms.union([
        "des3", "getnextcacert", "postpkioperation", "renewal", "scepstandard", "sha-1",
    ])

    /// What either offers.
    package func union(_ other: Capabilities) -> Capabilities {
        Capabilities(keywords: keywords.union(other.keywords))
    }
}
