package import Profiles
package import Secrets
package import X509

/// What is written for one generation: verified, and nothing else.
package struct PublicationPlan: Sendable {
    package let profile: ProfileName
    package let generation: Int
    /// PKCS#8 PEM, one block.
    package let key: Secret
    package let certificate: Certificate
    /// From the leaf's issuer upward, without self-issued ones.
    package let chain: [Certificate]
    /// Who may read the key beside root, by name.
    package let group: String?

    package init(
        profile: ProfileName, generation: Int, key: Secret, certificate: Certificate, chain: [Certificate],
        group: String?
    ) {
        self.profile = profile
        self.generation = generation
        self.key = key
        self.certificate = certificate
        self.chain = chain
        self.group = group
    }

    /// The files of the generation's folder. Those that hold the key are secret.
    package var files: [PublishedFile] {
        let chainText = chain.flatMap(\.pem)
        let full = certificate.pem + chainText
        return [
            PublishedFile(name: "cert.pem", content: .open(certificate.pem)),
            PublishedFile(name: "chain.pem", content: .open(chainText)),
            PublishedFile(name: "fullchain.pem", content: .open(full)),
            PublishedFile(name: "key.pem", content: .secret(key)),
            PublishedFile(name: "combined.pem", content: .secret(key.followed(by: full))),
        ]
    }
}

/// One file of a published generation.
package struct PublishedFile: Sendable {
    /// Content that everybody may read, or only root and the profile's group.
    package enum Content: Sendable {
        case open([UInt8])
        case secret(Secret)
    }
    package let name: String
    package let content: Content

    /// Permission bits: 0644, or 0600, or 0640 where a group is named.
    package func mode(hasGroup: Bool) -> UInt32 {
        switch content {
        case .open: 0o644
        case .secret: hasGroup ? 0o640 : 0o600
        }
    }
}

extension Secret {
    fileprivate func followed(by bytes: [UInt8]) -> Secret {
        Secret(capacity: count + bytes.count) { target in
            withBytes { target.copyMemory(from: $0) }
            UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyBytes(from: bytes)
            return count + bytes.count
        }
    }
}
