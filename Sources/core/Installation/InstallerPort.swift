package import Profiles
package import Secrets

/// The privileged installer, as the agent sees it. A port: the program speaks to `signet-installd`'s socket; tests
/// replace it. Requests carry values, never paths or descriptors. Methods throw `InstallationFault`.
package protocol Installer: Sendable {
    /// Publishes one generation of a profile's identity and its anchors; answers with what was read back.
    func publish(_ publication: Publication) async throws -> PublishedIdentity

    /// Removes everything published for the profile. Refused while root's files still name it.
    func withdraw(_ profile: ProfileName) async throws

    /// Facts about the machine that only root can read.
    func deviceFacts() async throws -> DeviceFacts
}

/// What is to be published.
package struct Publication: Sendable {
    package let profile: ProfileName
    package let generation: Int
    /// PKCS#8 PEM.
    package let key: Secret
    /// DER.
    package let certificate: [UInt8]
    /// DER, from the leaf's issuer upward, without the anchor.
    package let chain: [[UInt8]]
    /// The generation before was another machine's, and is not kept for its readers.
    package let discardsPrevious: Bool

    package init(
        profile: ProfileName, generation: Int, key: Secret, certificate: [UInt8], chain: [[UInt8]],
        discardsPrevious: Bool = false
    ) {
        self.profile = profile
        self.generation = generation
        self.key = key
        self.certificate = certificate
        self.chain = chain
        self.discardsPrevious = discardsPrevious
    }
}

/// What the installer read back after publishing.
package struct PublishedIdentity: Sendable, Equatable {
    package let generation: Int
    /// Lower-case hex SHA-256 of the published certificate.
    package let sha256: String
    /// Lower-case hex SHA-256 of each anchor found in the system's bundle.
    package let anchors: [String]

    package init(generation: Int, sha256: String, anchors: [String]) {
        self.generation = generation
        self.sha256 = sha256
        self.anchors = anchors
    }
}

/// DMI facts; absent where the firmware has none.
package struct DeviceFacts: Sendable, Equatable {
    package let productSerial: String?
    package let productUUID: String?

    package init(productSerial: String?, productUUID: String?) {
        self.productSerial = productSerial
        self.productUUID = productUUID
    }
}
