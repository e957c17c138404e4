package import Secrets

extension Verdict {
    /// Bytes of a challenge in a row that a text may have by chance.
    private static let chance = 5

    /// The verdict without the server's text where that repeats the challenge, whole or in part: some servers do so when
    /// they refuse it (RFC 8894 §7.3 asks for its secrecy), and a text is cut where it is too long, in the middle of a challenge too.
    package func withholding(_ challenge: Secret) -> Verdict {
        guard case .refused(let info, let text?) = self, Self.repeats(challenge, Array(text.utf8)) else { return self }
        return .refused(info, text: "(its text repeats the challenge and is withheld)")
    }

    private static func repeats(_ challenge: Secret, _ text: [UInt8]) -> Bool {
        challenge.withBytes { bytes in
            let length = min(bytes.count, chance + 1)
            guard length > 0 else { return false }
            return (0...bytes.count - length).contains { start in
                text.indices.contains { text[$0...].starts(with: bytes[start..<start + length]) }
            }
        }
    }
}
