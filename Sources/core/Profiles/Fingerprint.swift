import Faults
import X509

/// The rule for fingerprints of certificates: SHA-256 over the whole DER (RFC 8894 §2.2).
package enum Fingerprint {
    /// Reads 64 hexadecimal digits, in either case, with colons or spaces between, after an optional `sha256:` or what
    /// openssl prints (`sha256 Fingerprint=`).
    ///
    /// RFC 8894 §2.2 keeps SHA-1 for legacy reasons; it is refused, as is MD5, since both can be collided. Throws
    /// `.invalidFingerprint`.
    package static func read(_ text: String) throws(ProfileFault) -> [UInt8] {
        let expected = "64 hexadecimal digits of SHA-256"
        var digits = text.lowercased()[...]
        for prefix in ["sha256 fingerprint=", "sha256:", "sha-256:"] where digits.hasPrefix(prefix) {
            digits = digits.dropFirst(prefix.count)
            break
        }
        let octets = digits.utf8.filter { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: " ") }
        switch (Hexadecimal.bytes(octets), octets.count) {
        case (let bytes?, 64): return bytes
        case (_?, 40): throw fault(expected, "40 digits, which is SHA-1")
        case (_?, 32): throw fault(expected, "32 digits, which is MD5")
        case (_?, let count): throw fault(expected, "\(count) digits")
        case (nil, _): throw fault(expected, "'\(text.prefix(128))'")
        }
    }

    private static func fault(_ expected: String, _ got: String) -> ProfileFault {
        ProfileFault(.invalidFingerprint, attempted: "read a fingerprint", expected: expected, got: got)
    }
}
