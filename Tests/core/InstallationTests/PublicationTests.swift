import Faults
import FoundationEssentials
import Installation
import OpenSSLCrypto
import Profiles
import Secrets
import TestInstallation
import TestPKI
import Testing
import X509

/// What a hostile signetd may ask for, and what it gets.
struct PublicationTests {
    private let policy = InstallationPolicy(cryptography: OpenSSL())

    private func admit(
        _ publication: Publication, _ files: RootFiles, published: Certificate? = nil, now: Date = TestTime.now
    ) throws -> PublicationPlan {
        try policy.admit(publication, for: files.profile(), published: published, now: now)
    }

    private func expectRefusal(
        _ code: InstallationFaultCode, _ publication: Publication, _ files: RootFiles, published: Certificate? = nil,
        now: Date = TestTime.now, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let fault = #expect(throws: InstallationFault.self, sourceLocation: sourceLocation) {
            _ = try admit(publication, files, published: published, now: now)
        }
        #expect(fault?.code == code, "\(fault?.text ?? "")", sourceLocation: sourceLocation)
    }

    @Test func `what the pinned CA issued for the profile's subject is admitted with its chain`() throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        let plan = try admit(files.publication(leaf, chain: [files.issuing.certificate]), files)
        #expect(plan.certificate == leaf)
        #expect(plan.chain == [files.issuing.certificate])
        #expect(
            plan.files.map(\.name) == ["cert.pem", "chain.pem", "fullchain.pem", "key.pem", "combined.pem"])
        #expect(plan.files.map { $0.mode(hasGroup: true) } == [0o644, 0o644, 0o644, 0o640, 0o640])
        #expect(plan.files.map { $0.mode(hasGroup: false) } == [0o644, 0o644, 0o644, 0o600, 0o600])
    }

    @Test func `the chain comes from root's files where the request has none`() throws {
        let files = try RootFiles()
        let plan = try admit(files.publication(try files.leaf()), files)
        #expect(plan.chain == [files.issuing.certificate])
    }

    @Test func `combined holds key, certificate and chain, one after the other`() throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        let combined = try #require(try admit(files.publication(leaf), files).files.last)
        guard case .secret(let secret) = combined.content else {
            Issue.record("combined.pem is open")
            return
        }
        let expected = TestKey.device.pem + leaf.pem + files.issuing.certificate.pem
        #expect(secret.withBytes { $0.elementsEqual(expected) })
    }

    @Test func `another key is refused`() throws {
        let files = try RootFiles()
        expectRefusal(.keyMismatch, files.publication(try files.leaf(), key: .other), files)
    }

    @Test func `a key with anything around it is refused`() throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        let foreign = try files.leaf { $0.key = .other }
        let pem = TestKey.device.pem
        for text in [foreign.pem + pem, pem + foreign.pem, pem + [0x0A], pem + pem, Array(pem.dropLast()), [], [0]] {
            let publication = Publication(
                profile: files.name, generation: 1, key: text.withUnsafeBytes { Secret(copying: $0) },
                certificate: leaf.der, chain: [])
            expectRefusal(.malformedRequest, publication, files)
        }
    }

    @Test func `another CA is refused, whether its certificate is sent along or not`() throws {
        let files = try RootFiles()
        let stranger = try CertificateOrder.authority("CN=Test Issuing CA", key: .other).issue()
        let leaf = try files.leaf { $0.issuer = stranger }
        expectRefusal(.untrustedPath, files.publication(leaf), files)
        expectRefusal(.untrustedPath, files.publication(leaf, chain: [stranger.certificate]), files)
    }

    @Test func `a chain certificate beside the path is refused`() throws {
        let files = try RootFiles()
        let stranger = try CertificateOrder.authority("CN=Stranger", key: .other).issue().certificate
        let chain = [files.issuing.certificate, stranger]
        expectRefusal(.untrustedPath, files.publication(try files.leaf(), chain: chain), files)
        let twice = [files.issuing.certificate, files.issuing.certificate]
        expectRefusal(.malformedRequest, files.publication(try files.leaf(), chain: twice), files)
    }

    @Test func `a CA certificate is refused`() throws {
        let files = try RootFiles()
        let authority = try files.leaf { $0.isAuthority = true }
        expectRefusal(.unfitCertificate, files.publication(authority), files)
        let signer = try files.leaf { $0.keyUsage = "keyCertSign" }
        expectRefusal(.unfitCertificate, files.publication(signer), files)
    }

    @Test(arguments: ["serverAuth", "anyExtendedKeyUsage", nil])
    func `a certificate that is not for clients is refused`(usage: String?) throws {
        let files = try RootFiles()
        expectRefusal(.unfitCertificate, files.publication(try files.leaf { $0.extendedKeyUsage = usage }), files)
    }

    @Test func `the subject of another device is refused, other spelling is not`() throws {
        let files = try RootFiles()
        let other = try files.leaf { $0.subject = "CN=device-2,O=Example" }
        expectRefusal(.unfitCertificate, files.publication(other), files)
        let more = try files.leaf { $0.subject = "CN=device-1,OU=Admins,O=Example" }
        expectRefusal(.unfitCertificate, files.publication(more), files)
        let spelled = try files.leaf { $0.subject = "CN=Device-1,O=EXAMPLE" }
        #expect(try admit(files.publication(spelled), files).certificate == spelled)
    }

    @Test func `a subject that the PKI writes is admitted as root's file names it, or any`() throws {
        var files = try RootFiles()
        let written = try files.leaf { $0.subject = "CN=device-1,OU=Laptops,O=Example" }
        files.issuedName = "CN=device-1,OU=Laptops,O=Example"
        #expect(try admit(files.publication(written), files).certificate == written)
        expectRefusal(.unfitCertificate, files.publication(try files.leaf()), files)
        files.issuedName = SubjectTemplate.anyName
        #expect(try admit(files.publication(written), files).certificate == written)
    }

    @Test func `a certificate older than the published one is refused, the same one is not`() throws {
        let files = try RootFiles()
        let old = try files.leaf()
        let new = try files.leaf { $0.notBefore = TestTime.begin.addingTimeInterval(60) }
        expectRefusal(.olderThanPublished, files.publication(old), files, published: new)
        #expect(try admit(files.publication(new), files, published: old).certificate == new)
        #expect(try admit(files.publication(new), files, published: new).certificate == new)
    }

    @Test func `an expired certificate is refused, a clock a little behind is forgiven`() throws {
        let files = try RootFiles()
        let leaf = try files.leaf { $0.notAfter = TestTime.begin.addingTimeInterval(60) }
        expectRefusal(.untrustedPath, files.publication(leaf), files)
        let early = try files.leaf { $0.notBefore = TestTime.now.addingTimeInterval(600) }
        #expect(try admit(files.publication(early), files).certificate == early)
        let future = try files.leaf { $0.notBefore = TestTime.now.addingTimeInterval(1000) }
        expectRefusal(.untrustedPath, files.publication(future), files)
    }

    @Test func `requests beyond the limits are refused`() throws {
        let files = try RootFiles()
        let leaf = try files.leaf()
        expectRefusal(.malformedRequest, files.publication(leaf, generation: 0), files)
        expectRefusal(.malformedRequest, files.publication(leaf, generation: 1_000_000_000), files)
        let chain = [Certificate](repeating: files.issuing.certificate, count: 9)
        expectRefusal(.malformedRequest, files.publication(leaf, chain: chain), files)
        let garbage = Publication(
            profile: files.name, generation: 1, key: TestKey.device.secret, certificate: [1, 2, 3], chain: [])
        expectRefusal(.malformedRequest, garbage, files)
    }

    @Test func `every refusal says what to do`() {
        for code in InstallationFaultCode.everyCode { #expect(code.remedy.hasSuffix(".")) }
    }
}

extension InstallationFaultCode {
    fileprivate static let everyCode: [InstallationFaultCode] = [
        .unknownProfile, .configurationRefused, .malformedRequest, .keyMismatch, .untrustedPath, .unfitCertificate,
        .olderThanPublished, .stillConfigured, .writeFailed, .trustStoreFailed, .readBackDiffers, .unreachable,
    ]
}
