import CHMAC

/// The machine's id (machine-id(5)), which is confidential: what leaves the machine is derived from it.
struct MachineID {
    private let bytes: [UInt8]

    /// Signet's application id, made once from randomness. Changing it would give every machine another identity.
    static let application: [UInt8] = [
        0xA5, 0xC3, 0xF0, 0xDB, 0x18, 0xE8, 0x4E, 0x92, 0x83, 0x36, 0x3D, 0x5F, 0x08, 0x9B, 0x66, 0x03,
    ]

    /// nil where the machine has none yet, or one that is all zeros.
    init?(_ files: SmallFiles) {
        guard let text = files.line("/etc/machine-id").map({ Answer.trimmed($0[...]) }),
            let bytes = Self.bytes(text), bytes.contains(where: { $0 != 0 })
        else { return nil }
        self.bytes = bytes
    }

    /// Sixteen bytes from 32 hexadecimal digits.
    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.compactMap { $0.isASCII ? $0.hexDigitValue : nil }
        guard digits.count == 32, text.count == 32 else { return nil }
        return stride(from: 0, to: 32, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// What sd_id128_get_machine_app_specific(3) answers for Signet: HMAC-SHA256 of the application's id under the
    /// machine's, cut to 128 bits and marked as a random UUID (RFC 9562 §5.4). 32 hexadecimal digits; nil only where
    /// there is no libcrypto.
    ///
    /// libsystemd's own reads nothing but /etc/machine-id, and only newer ones take an id; one computation serves both.
    var applicationSpecific: String? {
        var digest = [UInt8](repeating: 0, count: 32)
        let isDone = unsafe signet_hmac_sha256(
            bytes, bytes.count, Self.application, Self.application.count, &digest)
        guard isDone == 1 else { return nil }
        digest[6] = digest[6] & 0x0F | 0x40
        digest[8] = digest[8] & 0x3F | 0x80
        return Hexadecimal.text(digest.prefix(16))
    }
}

/// Bytes as lower-case hexadecimal digits.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef")

    static func text(_ bytes: some Sequence<UInt8>, separator: String = "") -> String {
        bytes.map { String([digits[Int($0 >> 4)], digits[Int($0 & 0x0F)]]) }.joined(separator: separator)
    }
}
