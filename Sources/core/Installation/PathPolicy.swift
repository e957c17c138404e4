import Faults
import FoundationEssentials
import Profiles
import SCEP
import X509

extension InstallationPolicy {
    /// The leaf's path as root's files allow it: leaf first, up to the highest certificate that they vouch for.
    ///
    /// Up to the profile's pinned CA the path is the leaf's; between them stand only CAs that are pinned too or named
    /// in `install.chain`, since a root signs more than one CA. Above the pinned CA only root's own files count.
    func verifiedPath(
        of leaf: Certificate, submitted: [Certificate], root: RootProfile, now: Date, _ attempted: String
    ) throws(InstallationFault) -> [Certificate] {
        let time = leaf.notBefore > now && leaf.notBefore <= now + Self.clockTolerance ? leaf.notBefore : now
        let known = (root.certificates + submitted).withoutDuplicates()
        let lower: [Certificate]
        if root.profile.scep.caFingerprints.isEmpty {
            guard root.profile.scep.allowUnpinnedCA else {
                throw InstallationFault(
                    .configurationRefused, attempted: attempted,
                    expected: "scep.ca-fingerprint, or allow-unpinned-ca = true")
            }
            lower = try path(from: leaf, through: known, to: root.certificates, at: time, attempted)
        } else {
            let pinned = known.filter { isPinned($0, root.profile) }
            lower = try path(from: leaf, through: known, to: pinned, at: time, attempted)
            for authority in lower.dropFirst().dropLast()
            where !isPinned(authority, root.profile) && !root.chain.contains(authority) {
                throw InstallationFault(
                    .untrustedPath, attempted: attempted,
                    expected: "issuing CAs that are pinned or named in install.chain", got: "'\(authority.subject)'")
            }
        }
        let path = lower + upper(from: lower.last, root: root, at: time)
        for element in submitted where !path.dropFirst().contains(element) {
            throw InstallationFault(
                .untrustedPath, attempted: attempted, expected: "a chain of certificates on the leaf's path only",
                got: "'\(element.subject)' beside it")
        }
        guard Set(submitted).count == submitted.count else {
            throw InstallationFault(
                .malformedRequest, attempted: attempted, expected: "each chain certificate once")
        }
        return path
    }

    private func isPinned(_ certificate: Certificate, _ profile: Profile) -> Bool {
        profile.scep.caFingerprints.contains(cryptography.sha256(certificate.der))
    }

    private func path(
        from leaf: Certificate, through intermediates: [Certificate], to anchors: [Certificate], at time: Date,
        _ attempted: String
    ) throws(InstallationFault) -> [Certificate] {
        // The leaf itself is nobody's anchor: a pinned leaf certifies nothing.
        let anchors = anchors.filter { $0 != leaf }
        do {
            guard !anchors.isEmpty else { throw self.fault(attempted, got: "no certificate with the fingerprint") }
            let path = try cryptography.path(
                from: leaf, intermediates: intermediates.filter { $0 != leaf && !anchors.contains($0) },
                anchors: anchors, at: time)
            guard path.first == leaf, path.count > 1, let last = path.last, anchors.contains(last) else {
                throw self.fault(attempted, got: "another path")
            }
            return path
        } catch let fault as InstallationFault {
            throw fault
        } catch {
            throw fault(attempted, cause: error)
        }
    }

    /// What continues a path above its end, out of root's files alone; nothing where they name nothing higher.
    private func upper(from end: Certificate?, root: RootProfile, at time: Date) -> ArraySlice<Certificate> {
        guard let end, !end.isSelfIssued else { return [] }
        let others = root.certificates.filter { $0 != end }
        let roots = others.filter(\.isSelfIssued)
        for anchors in [roots, others] where !anchors.isEmpty {
            let path = try? cryptography.path(
                from: end, intermediates: others.filter { !anchors.contains($0) }, anchors: anchors, at: time)
            if let path { return path.dropFirst() }
        }
        return []
    }

    private func fault(_ attempted: String, got: String? = nil, cause: (any Error)? = nil) -> InstallationFault {
        InstallationFault(
            .untrustedPath, attempted: attempted, expected: "a valid path to this profile's CA", got: got,
            cause: cause)
    }
}
