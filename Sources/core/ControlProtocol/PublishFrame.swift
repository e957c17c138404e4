import FoundationEssentials
package import Secrets
import Varlink

/// What `Publish` takes, but for the key. Certificates are DER here and base64 on the wire.
package struct PublishParameters: Codable, Sendable, Equatable {
    package let profile: String
    package let generation: Int
    package let certificate: [UInt8]
    /// From the leaf's issuer upward, without the anchor.
    package let chain: [[UInt8]]
    /// The generation before was another machine's.
    package let discardPrevious: Bool?

    package init(
        profile: String, generation: Int, certificate: [UInt8], chain: [[UInt8]], discardPrevious: Bool? = nil
    ) {
        self.profile = profile
        self.generation = generation
        self.certificate = certificate
        self.chain = chain
        self.discardPrevious = discardPrevious
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        profile = try container.decode(String.self, forKey: .profile)
        generation = try container.decode(Int.self, forKey: .generation)
        certificate = Array(try container.decode(Data.self, forKey: .certificate))
        chain = try container.decode([Data].self, forKey: .chain).map { Array($0) }
        discardPrevious = try container.decodeIfPresent(Bool.self, forKey: .discardPrevious)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(profile, forKey: .profile)
        try container.encode(generation, forKey: .generation)
        try container.encode(Data(certificate), forKey: .certificate)
        try container.encode(chain.map { Data($0) }, forKey: .chain)
        try container.encodeIfPresent(discardPrevious, forKey: .discardPrevious)
    }

    private enum CodingKeys: String, CodingKey {
        case profile, generation, certificate, chain
        case discardPrevious = "discard_previous"
    }
}

/// The message of `Publish`, put together so that the key is never in a string or an array.
package enum PublishFrame {
    /// Writes the message, without its NUL.
    ///
    /// - Parameter key: PKCS#8 PEM; goes over the wire as base64.
    /// - Throws: `VarlinkFault.unencodable`.
    package static func encode(_ parameters: PublishParameters, key: Secret) throws -> Secret {
        // `Call` writes an object that ends `"parameters":{…}}` (its members are sorted), so a member added in front of
        // the parameters of a call of our own making needs no search: the head is the same for every call.
        let head = Array(#"{"method":"\#(InstallerRequest.publishMethod)","parameters":{"key":""#.utf8)
        let call = try Call(InstallerRequest.publishMethod, parameters).bytes
        let tail = Array(#"","#.utf8) + call.dropFirst(head.count - #""key":""#.utf8.count)
        let capacity = head.count + Base64.encodedCount(key.count) + tail.count
        return Secret(capacity: capacity) { target in
            target.copyBytes(from: head)
            let written = key.withBytes { bytes in
                Base64.encode(bytes, to: UnsafeMutableRawBufferPointer(rebasing: target[head.count...]))
            }
            UnsafeMutableRawBufferPointer(rebasing: target[(head.count + written)...]).copyBytes(from: tail)
            return capacity
        }
    }
}
