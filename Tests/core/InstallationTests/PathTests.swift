import Faults
import Installation
import OpenSSLCrypto
import TestInstallation
import TestPKI
import Testing
import X509

/// Which paths root's files allow.
struct PathTests {
    private let policy = InstallationPolicy(cryptography: OpenSSL())

    private func chain(
        _ files: RootFiles, _ leaf: Certificate, _ chain: [Certificate] = []
    ) throws -> [Certificate] {
        let publication = files.publication(leaf, chain: chain)
        return try policy.admit(publication, for: files.profile(), published: nil, now: TestTime.now).chain
    }

    private func expectUntrusted(
        _ files: RootFiles, _ leaf: Certificate, _ submitted: [Certificate] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let fault = #expect(throws: InstallationFault.self, sourceLocation: sourceLocation) {
            _ = try chain(files, leaf, submitted)
        }
        #expect(fault?.code == .untrustedPath, "\(fault?.text ?? "")", sourceLocation: sourceLocation)
    }

    /// A server may offer any CA above its own, from one day to the next.
    @Test func `an agent sends what root's files vouch for of a path, and that is admitted`() throws {
        var files = try RootFiles()
        let policyCA = try CertificateOrder.authority("CN=Policy", key: .other, issuer: files.root).issue()
        let issuing = try CertificateOrder.authority("CN=Below", key: .issuing, issuer: policyCA).issue()
        let leaf = try files.leaf { $0.issuer = issuing }
        let above = [issuing, policyCA, files.root].map(\.certificate)
        let digests = above.map { OpenSSL().sha256($0.der) }
        for (pins, anchors, chain, sent) in [
            ([digests[0]], [], [], 1), ([digests[0]], [above[2]], [], 1), ([digests[0]], [above[2]], [above[1]], 1),
            ([digests[0], digests[1]], [], [], 1), ([digests[0], digests[2]], [], [], 1),
            ([digests[2]], [above[2]], [above[0], above[1]], 3), ([], [above[0]], [], 1),
        ] {
            (files.pins, files.anchors, files.chain) = (pins, anchors, chain)
            files.allowUnpinnedCA = pins.isEmpty
            let submitted = try files.profile().profile.chainToSubmit(above, named: anchors + chain, OpenSSL())
            #expect(submitted == Array(above.prefix(sent)))
            let published = try self.chain(files, leaf, submitted)
            // A root is no part of what a program shows.
            #expect(published.starts(with: submitted.filter { !$0.isSelfIssued }))
        }
        // Where root's files vouch for nothing of it, it is refused by whom it is sent to.
        files.pins = [[UInt8](repeating: 0, count: 32)]
        #expect(try files.profile().profile.chainToSubmit(above, named: [], OpenSSL()) == above)
    }

    @Test func `a pinned root admits an issuing CA that is named in chain, or pinned too`() throws {
        var files = try RootFiles()
        let (root, issuing) = (files.root.certificate, files.issuing.certificate)
        let leaf = try files.leaf()
        files.pins = [OpenSSL().sha256(root.der)]
        #expect(try chain(files, leaf, [issuing]) == [issuing])
        files.chain = []
        expectUntrusted(files, leaf, [issuing])
        files.pins.append(OpenSSL().sha256(issuing.der))
        #expect(try chain(files, leaf, [issuing]) == [issuing])
    }

    @Test func `a pinned root does not admit another CA that it signed`() throws {
        var files = try RootFiles()
        files.pins = [OpenSSL().sha256(files.root.certificate.der)]
        let sister = try CertificateOrder.authority("CN=Sister CA", key: .other, issuer: files.root).issue()
        let leaf = try files.leaf { $0.issuer = sister }
        expectUntrusted(files, leaf, [sister.certificate])
        // Even where the gateway was given it: that says whom to identify, not who may issue.
        files.identificationCAs = [sister.certificate]
        expectUntrusted(files, leaf, [sister.certificate])
    }

    @Test func `a pinned CA that is in no file of root's may come with the request`() throws {
        var files = try RootFiles()
        let (root, issuing) = (files.root.certificate, files.issuing.certificate)
        files.anchors = []
        files.chain = []
        let leaf = try files.leaf()
        #expect(try chain(files, leaf, [issuing]) == [issuing])
        expectUntrusted(files, leaf)
        // What lies above the pinned CA counts only out of root's files.
        expectUntrusted(files, leaf, [issuing, root])
    }

    @Test func `a self-signed CA that issues by itself is not part of the published chain`() throws {
        var files = try RootFiles()
        let root = files.root
        files.pins = [OpenSSL().sha256(root.certificate.der)]
        files.anchors = []
        files.chain = []
        let leaf = try files.leaf { $0.issuer = root }
        #expect(try chain(files, leaf, [root.certificate]) == [])
    }

    @Test func `an intermediate above the pinned CA is published where root's files hold it`() throws {
        var files = try RootFiles()
        let below = try CertificateOrder.authority("CN=Lower CA", key: .registration, issuer: files.issuing).issue()
        let leaf = try files.leaf { $0.issuer = below }
        let issuing = files.issuing.certificate
        files.pins = [OpenSSL().sha256(below.certificate.der)]
        #expect(try chain(files, leaf, [below.certificate, issuing]) == [below.certificate, issuing])
        #expect(try chain(files, leaf, [below.certificate]) == [below.certificate, issuing])
    }

    @Test func `an unpinned profile needs a path to a certificate in root's files`() throws {
        var files = try RootFiles()
        let issuing = files.issuing.certificate
        let leaf = try files.leaf()
        files.pins = []
        files.allowUnpinnedCA = true
        files.chain = []
        #expect(try chain(files, leaf, [issuing]) == [issuing])
        files.anchors = []
        expectUntrusted(files, leaf, [issuing, files.root.certificate])
    }

    @Test func `without a pin nothing is admitted unless root allowed that`() throws {
        var files = try RootFiles()
        files.pins = []
        let leaf = try files.leaf()
        let fault = #expect(throws: InstallationFault.self) { _ = try chain(files, leaf) }
        #expect(fault?.code == .configurationRefused)
    }

    @Test func `a pinned leaf certifies nothing`() throws {
        var files = try RootFiles()
        let stranger = try CertificateOrder.authority("CN=Stranger", key: .other).issue()
        let leaf = try files.leaf { $0.issuer = stranger }
        files.pins = [OpenSSL().sha256(leaf.der)]
        expectUntrusted(files, leaf, [leaf])
    }
}
