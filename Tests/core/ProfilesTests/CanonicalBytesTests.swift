import Profiles
import Testing
import X509

struct CanonicalBytesTests {
    private func profile(
        scep change: (inout SCEPSettings) -> Void = { _ in }, alternativeNames: [String] = [],
        issuedName: String? = nil, chain: [String] = [], key: KeySettings = KeySettings(.rsa(bits: 2048))
    ) throws -> Profile {
        var scep = SCEPSettings(
            urls: ["http://a/"], caFingerprints: [[1, 2], [3]], allowUnpinnedCA: false, raFingerprints: [],
            challenge: ChallengeSource(location: .credential("c"), singleUse: false), security: .compatible,
            legacyRequest: false, afterRevocation: .wait, tlsCA: nil)
        change(&scep)
        return Profile(
            name: try #require(ProfileName("a")), scep: scep,
            subject: SubjectTemplate(name: "CN=x", alternativeNames: alternativeNames, issuedName: issuedName),
            key: key,
            renewal: RenewalSettings(at: 0.66, spread: 0.1),
            install: InstallSettings(anchors: [], chain: chain, group: nil),
            deviceTag: DeviceTagSettings(
                identificationCAs: [], gateway: .mdca, requireRevocationCheck: false, revocationListURLs: []))
    }

    private func server(
        _ kind: ChallengeServer.Kind, _ credential: String?, _ method: ChallengeServer.Method = .get
    ) -> ChallengeSource.Location {
        .server(ChallengeServer(kind: kind, url: "https://a/", credential: credential, method: method))
    }

    @Test func `the form is the one that earlier versions wrote`() throws {
        let text = """
            signet profile 1
            name 1:a
            scep.url 9:http://a/
            scep.ca-fingerprint 2:\u{1}\u{2}
            scep.ca-fingerprint 1:\u{3}
            scep.challenge.credential 1:c
            scep.security 10:compatible
            scep.after-revocation 4:wait
            subject.name 4:CN=x
            key.bits 4:2048
            renewal.at 4:0.66
            renewal.spread 3:0.1
            device-tag.gateway 4:mdca

            """
        #expect(String(decoding: try profile().canonicalBytes, as: UTF8.self) == text)
    }

    @Test func `every change is seen, and no two look alike`() throws {
        let variants = [
            try profile(),
            try profile(scep: { $0.urls = ["http://a/", "http://b/"] }),
            try profile(scep: { $0.caFingerprints = [[1], [2, 3]] }),
            try profile(scep: { $0.raFingerprints = [[3]] }),
            try profile(scep: { $0.challenge = nil }),
            try profile(scep: { $0.challenge?.singleUse = true }),
            try profile(scep: { $0.challenge?.location = .file("c") }),
            try profile(scep: { $0.challenge?.location = .command(["c"]) }),
            try profile(scep: { $0.security = .rfc8894 }),
            try profile(scep: { $0.legacyRequest = true }),
            try profile(scep: { $0.allowUnpinnedCA = true }),
            try profile(scep: { $0.afterRevocation = .enroll }),
            try profile(scep: { $0.afterCloning = .enroll }),
            try profile(scep: { $0.tlsCA = "/a" }),
            try profile(scep: { $0.options.renewalRequest = .pkcsReq }),
            try profile(scep: { $0.options.challengeOnRenewal = true }),
            try profile(scep: { $0.options.challengeString = .utf8 }),
            try profile(scep: { $0.options.caIdentifier = "a" }),
            try profile(scep: { $0.options.transactionID = "a" }),
            try profile(scep: { $0.proxy = ProxySettings(url: "http://a:1") }),
            try profile(scep: { $0.proxy = ProxySettings(url: "http://a:1", credential: "c") }),
            try profile(scep: { $0.challenge?.location = server(.ndes, "c") }),
            try profile(scep: { $0.challenge?.location = server(.endpoint, "c") }),
            try profile(scep: { $0.challenge?.location = server(.endpoint, nil) }),
            try profile(scep: { $0.challenge?.location = server(.endpoint, nil, .post) }),
            try profile(alternativeNames: ["DNS:a", "DNS:b"]),
            try profile(alternativeNames: ["DNS:a\nsubject.alternative-names 5:DNS:b"]),
            try profile(issuedName: "CN=x"),
            try profile(issuedName: "*"),
            try profile(chain: ["/a"]),
            try profile(key: KeySettings(.rsa(bits: 3072))),
            try profile(key: KeySettings(.ec(.p256))),
            try profile(key: KeySettings(.ec(.p384))),
        ]
        #expect(Set(variants.map(\.canonicalBytes)).count == variants.count)
        #expect(try profile().canonicalBytes == profile().canonicalBytes)
    }
}
