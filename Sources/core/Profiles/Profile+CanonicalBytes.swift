import X509

extension Profile {
    /// The profile as bytes that are equal exactly where two profiles ask for the same; a digest over them tells
    /// whether a profile has changed since.
    ///
    /// Each value is `key length:bytes`, so that no value can look like another. Absent values and empty lists leave
    /// nothing behind: a key that a later version adds, at its default, must be written the same way, or an upgrade
    /// would look like a change of every profile.
    package var canonicalBytes: [UInt8] {
        var form = CanonicalForm(heading: "signet profile 1")
        form.add("name", name.description)
        form.add("scep.url", scep.urls)
        form.add("scep.ca-fingerprint", bytes: scep.caFingerprints)
        form.add("scep.allow-unpinned-ca", scep.allowUnpinnedCA)
        form.add("scep.ra-fingerprint", bytes: scep.raFingerprints)
        switch scep.challenge?.location {
        case .credential(let name): form.add("scep.challenge.credential", name)
        case .file(let path): form.add("scep.challenge.file", path)
        case .command(let command): form.add("scep.challenge.command", command)
        case .server(let server):
            form.add("scep.challenge.\(server.kind.rawValue)", server.url)
            form.add("scep.challenge.shown", [server.credential].compactMap { $0 })
            form.add("scep.challenge.by-post", server.method == .post)
        case nil: break
        }
        form.add("scep.challenge.single-use", scep.challenge?.singleUse ?? false)
        form.add("scep.security", scep.security.rawValue)
        form.add("scep.legacy-request", scep.legacyRequest)
        form.add("scep.after-revocation", scep.afterRevocation.rawValue)
        form.add("scep.after-cloning", scep.afterCloning == .enroll)
        form.add("scep.tls-ca", [scep.tlsCA].compactMap { $0 })
        form.add("scep.renewal-request", [scep.options.renewalRequest?.rawValue].compactMap { $0 })
        form.add("scep.challenge-on-renewal", scep.options.challengeOnRenewal)
        form.add("scep.challenge-string", scep.options.challengeString == .utf8)
        form.add("scep.ca-identifier", [scep.options.caIdentifier].compactMap { $0 })
        form.add("scep.transaction-id", [scep.options.transactionID].compactMap { $0 })
        form.add("scep.proxy.url", [scep.proxy?.url].compactMap { $0 })
        form.add("scep.proxy.credential", [scep.proxy?.credential].compactMap { $0 })
        form.add("subject.name", subject.name)
        form.add("subject.alternative-names", subject.alternativeNames)
        form.add("subject.issued-name", [subject.issuedName].compactMap { $0 })
        switch key.kind {
        case .rsa(let bits): form.add("key.bits", "\(bits)")
        case .ec(let curve): form.add("key.curve", curve.rawValue)
        }
        form.add("key.transport", key.transport == .auto ? [] : [key.transport.rawValue])
        form.add("renewal.at", "\(renewal.at)")
        form.add("renewal.spread", "\(renewal.spread)")
        form.add("install.anchors", install.anchors)
        form.add("install.chain", install.chain)
        form.add("install.group", [install.group].compactMap { $0 })
        form.add("device-tag.identification-cas", deviceTag.identificationCAs)
        form.add("device-tag.gateway", deviceTag.gateway.rawValue)
        form.add("device-tag.require-revocation-check", deviceTag.requireRevocationCheck)
        form.add("device-tag.crl-urls", deviceTag.revocationListURLs)
        return form.bytes
    }
}

/// Keys and values, one after another, each value with its length before it.
private struct CanonicalForm {
    private(set) var bytes: [UInt8]

    init(heading: String) { bytes = Array("\(heading)\n".utf8) }

    mutating func add(_ key: String, bytes values: [[UInt8]]) {
        for value in values { bytes += Array("\(key) \(value.count):".utf8) + value + [0x0A] }
    }

    mutating func add(_ key: String, _ values: [String]) { add(key, bytes: values.map { Array($0.utf8) }) }

    mutating func add(_ key: String, _ value: String) { add(key, [value]) }

    /// Only what is true is written.
    mutating func add(_ key: String, _ isSet: Bool) { add(key, isSet ? ["true"] : []) }
}
