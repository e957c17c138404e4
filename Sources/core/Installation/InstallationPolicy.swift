import Faults
package import FoundationEssentials
import Profiles
package import SCEP
import Secrets
package import X509

/// Root's policy: what may be published for a profile. It believes root's files and mathematics, nothing else.
package struct InstallationPolicy: Sendable {
    /// Most bytes of one certificate.
    static let certificateLimit = 64 * 1024
    /// Most bytes of a private key's PEM. RSA with 4096 bits, the most that a profile may ask for, has 3.3 KB; of keys
    /// made for it, such as DSA with a huge modulus, libcrypto computes the public half for minutes at 16 KB.
    static let keyLimit = 4 * 1024
    /// Most certificates that come with a leaf.
    static let chainLimit = 8
    /// Seconds by which the CA's clock may be ahead of ours.
    static let clockTolerance: TimeInterval = 15 * 60

    let cryptography: any Cryptography

    package init(cryptography: any Cryptography) {
        self.cryptography = cryptography
    }

    /// Verifies a publication for itself, whatever its sender verified before.
    ///
    /// - Parameters:
    ///   - published: the certificate that is published now, if any.
    /// - Returns: what to write: leaf and chain as they were verified.
    package func admit(
        _ publication: Publication, for root: RootProfile, published: Certificate?, now: Date
    ) throws(InstallationFault) -> PublicationPlan {
        let attempted = "publish generation \(publication.generation) of '\(publication.profile)'"
        let (leaf, chain) = try read(publication, attempted)
        try requireKey(publication, of: leaf, attempted)
        try requireFitness(of: leaf, for: root, attempted)
        // One that has not begun was published by a clock that was ahead.
        if let published, leaf.notBefore < published.notBefore,
            published.notBefore <= now.addingTimeInterval(Self.clockTolerance)
        {
            throw InstallationFault(
                .olderThanPublished, attempted: attempted, expected: "a start at or after \(published.notBefore)",
                got: "\(leaf.notBefore)")
        }
        let path = try verifiedPath(of: leaf, submitted: chain, root: root, now: now, attempted)
        return PublicationPlan(
            profile: publication.profile, generation: publication.generation, key: publication.key,
            certificate: leaf, chain: path.dropFirst().filter { !$0.isSelfIssued },
            group: root.profile.install.group)
    }

    private func read(
        _ publication: Publication, _ attempted: String
    ) throws(InstallationFault) -> (leaf: Certificate, chain: [Certificate]) {
        guard (1...PublishedLayout.lastGeneration).contains(publication.generation),
            publication.chain.count <= Self.chainLimit,
            ([publication.certificate] + publication.chain).allSatisfy({ $0.count <= Self.certificateLimit })
        else {
            throw InstallationFault(
                .malformedRequest, attempted: attempted,
                expected: "a generation from 1 and at most \(Self.chainLimit) chain certificates")
        }
        do throws(X509Fault) {
            var chain: [Certificate] = []
            for der in publication.chain { chain.append(try Certificate(der: der)) }
            return (try Certificate(der: publication.certificate), chain)
        } catch {
            throw InstallationFault(
                .malformedRequest, attempted: attempted, expected: "certificates in DER", cause: error)
        }
    }

    private func requireKey(
        _ publication: Publication, of leaf: Certificate, _ attempted: String
    ) throws(InstallationFault) {
        let key = publication.key
        guard key.count <= Self.keyLimit, key.withBytes({ PrivateKeyText.isOneBlock($0) }) else {
            throw InstallationFault(
                .malformedRequest, attempted: attempted, expected: "one PEM block 'PRIVATE KEY' and nothing else")
        }
        let info: [UInt8]
        do {
            info = try cryptography.publicKeyInfo(of: key)
        } catch {
            throw InstallationFault(
                .malformedRequest, attempted: attempted, expected: "a readable private key", cause: error)
        }
        guard info == leaf.publicKeyInfo else {
            throw InstallationFault(
                .keyMismatch, attempted: attempted, expected: "the private key of the certificate",
                got: "another key")
        }
    }

    private func requireFitness(
        of leaf: Certificate, for root: RootProfile, _ attempted: String
    ) throws(InstallationFault) {
        let unfit = { (expected: String, got: String) in
            InstallationFault(.unfitCertificate, attempted: attempted, expected: expected, got: got)
        }
        guard !leaf.isAuthority else { throw unfit("a certificate of a device", "one of a CA") }
        guard leaf.keyUsage?.contains(.keyCertSign) != true else {
            throw unfit("a certificate of a device", "one that may sign certificates")
        }
        guard leaf.extendedKeyUsage?.contains(.clientAuth) == true else {
            throw unfit("extended key usage clientAuth", "a certificate without it")
        }
        guard leaf.publicKey.isStrong else {
            throw unfit("a key of RSA 2048 bits or more, or on a curve from P-256 on", "\(leaf.publicKey)")
        }
        let subject = root.subject.accepted
        guard subject.accepts(leaf.subject) else { throw unfit("subject '\(subject)'", "'\(leaf.subject)'") }
    }
}
