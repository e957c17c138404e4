package import Profiles
package import X509

/// One anchor as a file of the system's store: `signet-PROFILE-SHA256PREFIX.crt`.
package struct AnchorFile: Sendable, Equatable {
    package let name: String
    package let certificate: Certificate

    /// - Parameter sha256: of the certificate.
    init(_ certificate: Certificate, sha256: [UInt8], profile: ProfileName) {
        name = "signet-\(profile)-\(Self.digits(sha256)).crt"
        self.certificate = certificate
    }

    /// What a file name says, if Signet made it; nil for every other name.
    package static func parse(_ name: String) -> (profile: ProfileName, digits: String)? {
        guard name.hasPrefix("signet-"), name.hasSuffix(".crt") else { return nil }
        let inner = name.dropFirst("signet-".count).dropLast(".crt".count)
        let digits = inner.suffix(16)
        guard digits.utf8.count == 16,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }),
            inner.dropLast(16).last == "-", let profile = ProfileName(String(inner.dropLast(17)))
        else { return nil }
        return (profile, String(digits))
    }

    /// The first 64 bits in lower-case hex.
    static func digits(_ sha256: [UInt8]) -> String { Hexadecimal.string(sha256.prefix(8)).lowercased() }
}
