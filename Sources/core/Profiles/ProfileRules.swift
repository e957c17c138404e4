import Faults

/// Rules about single values of a profile. Each refuses by throwing what is wrong; none knows where the value stands.
package enum ProfileRules {
    /// Most elements of any list in a profile.
    package static let listLimit = 64
    /// RSA modulus lengths that keys may have.
    package static let keyBits = [2048, 3072, 4096]
    /// Earliest and latest `renewal.at`.
    package static let renewalAt = 0.1...0.9
    /// Least and most `renewal.spread`.
    package static let renewalSpread = 0.0...0.3
    /// Where `at + spread` must end, so that a failed renewal leaves time for others.
    package static let renewalEnd = 0.9

    /// Refuses a path that is not absolute, or that has parts which could lead elsewhere. Throws `.invalidPath`.
    package static func check(path: String) throws(ProfileFault) {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isPlain = parts.dropFirst().allSatisfy { part in
            (1...255).contains(part.count) && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
        }
        guard path.hasPrefix("/"), parts.count > 1, isPlain, path.utf8.count < 4096 else {
            throw ProfileFault(
                .invalidPath, attempted: "read a path", expected: "an absolute path", got: "'\(path.prefix(256))'")
        }
    }

    /// Refuses what cannot be a file name in /etc/signet/credentials. Throws `.invalidCredentialName`.
    package static func check(credential name: String) throws(ProfileFault) {
        let isAllowed: (UInt8) -> Bool = { ASCII.isAlphanumeric($0) || "._-".utf8.contains($0) }
        // systemd's names are at most 255 bytes, of which LoadCredential= uses seven for "signet_".
        guard (1...240).contains(name.utf8.count), name.utf8.allSatisfy(isAllowed), name != ".", name != ".." else {
            throw ProfileFault(
                .invalidCredentialName, attempted: "read a credential's name",
                expected: "letters, digits, '.', '_' and '-', at most 240", got: "'\(name.prefix(256))'")
        }
    }

    /// Refuses an empty command, and one that would be searched for. Throws `.invalidCommand`.
    package static func check(command: [String]) throws(ProfileFault) {
        guard let program = command.first else {
            throw ProfileFault(
                .invalidCommand, attempted: "read a command", expected: "a program", got: "an empty list")
        }
        do {
            try check(path: program)
        } catch {
            throw ProfileFault(
                .invalidCommand, attempted: "read a command", expected: "a program's absolute path first",
                got: "'\(program.prefix(256))'")
        }
    }

    /// Refuses what /etc/group cannot name; whether the group exists is for the machine to say. Throws `.invalidGroup`.
    package static func check(group: String) throws(ProfileFault) {
        let isForbidden: (UInt8) -> Bool = { $0 < 0x20 || $0 == 0x7F || ":,/".utf8.contains($0) }
        guard (1...255).contains(group.utf8.count), !group.utf8.contains(where: isForbidden), !group.hasPrefix("-")
        else {
            throw ProfileFault(
                .invalidGroup, attempted: "read a group's name", expected: "a name without ':', ',' and '/'",
                got: "'\(group.prefix(256))'")
        }
    }

    /// Throws `.outOfRange`.
    package static func check(keyBits bits: Int) throws(ProfileFault) {
        guard keyBits.contains(bits) else {
            throw outOfRange("read the key's length", "2048, 3072 or 4096", "\(bits)")
        }
    }

    /// Throws `.outOfRange`.
    package static func check(_ number: Double, within limits: ClosedRange<Double>) throws(ProfileFault) {
        guard limits.contains(number) else {
            throw outOfRange("read a fraction", "\(limits.lowerBound) to \(limits.upperBound)", "\(number)")
        }
    }

    /// Throws `.outOfRange` where renewals would fall too late.
    package static func check(renewal: RenewalSettings) throws(ProfileFault) {
        // Decimal fractions are not exact in binary: 0.66 + 0.24 is a little more than 0.9.
        guard renewal.at + renewal.spread <= renewalEnd + 1e-9 else {
            throw outOfRange(
                "read the renewal's time", "at + spread of at most \(renewalEnd)", "\(renewal.at) + \(renewal.spread)")
        }
    }

    /// Refuses settings of `[scep]` that exclude each other. Throws `.contradiction`.
    package static func check(scep: SCEPSettings) throws(ProfileFault) {
        if scep.allowUnpinnedCA, !scep.caFingerprints.isEmpty {
            throw contradiction("pins or no pins", "ca-fingerprint and allow-unpinned-ca = true")
        }
        if scep.security == .rfc8894, scep.legacyRequest {
            throw contradiction(
                "requests as RFC 8894 asks, or legacy ones", "security = \"rfc8894\" and legacy-request = true")
        }
        if scep.options.challengeOnRenewal, scep.challenge?.singleUse == true {
            throw contradiction(
                "a challenge that works once, or one for renewals too",
                "single-use = true and challenge-on-renewal = true")
        }
    }

    /// Refuses what is no PrintableString of at most 64 characters (RFC 8894 §3.2.1.1). Throws `.invalidIdentifier`.
    package static func check(identifier text: String) throws(ProfileFault) {
        let isPrintable: (UInt8) -> Bool = { ASCII.isAlphanumeric($0) || " '()+,-./:=?".utf8.contains($0) }
        guard (1...ServerOptions.textLimit).contains(text.utf8.count), text.utf8.allSatisfy(isPrintable) else {
            throw ProfileFault(
                .invalidIdentifier, attempted: "read an identifier",
                expected: "1 to \(ServerOptions.textLimit) characters of a PrintableString",
                got: "'\(text.prefix(256))'")
        }
    }

    /// Refuses a CA's name that is none. It goes into URLs, escaped, so that it may have any character that can be seen.
    /// Throws `.invalidIdentifier`.
    package static func check(caIdentifier text: String) throws(ProfileFault) {
        guard (1...ServerOptions.textLimit).contains(text.utf8.count),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw ProfileFault(
                .invalidIdentifier, attempted: "read a CA's identifier",
                expected: "1 to \(ServerOptions.textLimit) bytes without control characters",
                got: "'\(text.prefix(256))'")
        }
    }

    private static func contradiction(_ expected: String, _ got: String) -> ProfileFault {
        ProfileFault(.contradiction, attempted: "read the profile", expected: expected, got: got)
    }

    static func outOfRange(_ attempted: String, _ expected: String, _ got: String) -> ProfileFault {
        ProfileFault(.outOfRange, attempted: attempted, expected: expected, got: got)
    }
}
