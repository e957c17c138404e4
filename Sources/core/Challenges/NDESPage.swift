import Faults
package import Secrets

extension ChallengeAnswer {
    /// The challenge on NDES's page `mscep_admin`, which is HTML in UTF-16 or UTF-8 and in the server's language: of all
    /// texts in bold, the one that is hexadecimal digits in one piece. The CA's thumbprint beside it is written in groups.
    ///
    /// Throws `ChallengeFault`; a full cache and an account without rights are told apart on English pages only.
    package func ndesChallenge() throws(ChallengeFault) -> Secret {
        try requireSuccess()
        let page = NDESPage(body)
        if page.says("password cache is full") {
            throw fault(
                .cacheFull,
                "room for one more challenge: they are gone after an hour, or raise PasswordMax on the server",
                "a full password cache")
        }
        if page.says("sufficient permission") {
            throw fault(.notPermitted, "an account that may enroll with the service's templates", "another")
        }
        let passwords = page.passwords
        guard let password = passwords.first else { throw unexpected("NDES's page with a challenge", "another page") }
        guard passwords.count == 1 else {
            throw fault(.ambiguous, "one hexadecimal password on the page", "\(passwords.count)")
        }
        return password
    }
}

/// NDES's page as ASCII; what is none of it is a question mark.
private struct NDESPage {
    private let text: Secret

    /// Hexadecimal digits that a password may have; eight bytes are NDES's default (PasswordLength).
    private static let lengths = 8...128

    init(_ body: Secret) {
        text = body.withBytes { bytes in
            let isMarked = bytes.starts(with: [0xFF, 0xFE])
            let isWide = isMarked || (bytes.count > 1 && bytes[1] == 0)
            return Secret(capacity: bytes.count) { target in
                var count = 0
                for index in stride(from: isMarked ? 2 : 0, to: bytes.count, by: isWide ? 2 : 1) {
                    let isASCII = bytes[index] < 0x80 && (!isWide || (index + 1 < bytes.count && bytes[index + 1] == 0))
                    target[count] = isASCII ? bytes[index] : UInt8(ascii: "?")
                    count += 1
                }
                return count
            }
        }
    }

    func says(_ phrase: String) -> Bool { text.withBytes { Self.first(phrase, in: $0[...]) != nil } }

    /// Texts in bold that are nothing but hexadecimal digits, each once.
    var passwords: [Secret] {
        text.withBytes { bytes in
            var found: [Slice<UnsafeRawBufferPointer>] = []
            var rest = bytes[...]
            while let start = Self.first("<b>", in: rest) {
                rest = rest[start.upperBound...]
                guard let end = rest.firstIndex(of: UInt8(ascii: "<")) else { break }
                let content = Self.trimmed(rest[..<end])
                if Self.lengths.contains(content.count), content.count.isMultiple(of: 2),
                    content.allSatisfy(isHexadecimal),
                    !found.contains(where: { $0.elementsEqual(content) })
                {
                    found.append(content)
                }
                rest = rest[end...]
            }
            return found.map { Secret(copying: UnsafeRawBufferPointer(rebasing: $0)) }
        }
    }

    /// The first place of a phrase in lower case, whatever case the text is in.
    private static func first(_ phrase: String, in text: Slice<UnsafeRawBufferPointer>) -> Range<Int>? {
        let count = phrase.utf8.count
        guard text.count >= count else { return nil }
        for start in text.startIndex...text.endIndex - count
        where text[start..<start + count].elementsEqual(phrase.utf8, by: { lowercased($0) == $1 }) {
            return start..<start + count
        }
        return nil
    }

    private static func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var text = text
        while let first = text.first, isSpace(first) { text = text.dropFirst() }
        while let last = text.last, isSpace(last) { text = text.dropLast() }
        return text
    }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

private func lowercased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
    switch lowercased(byte) {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
    default: false
    }
}
