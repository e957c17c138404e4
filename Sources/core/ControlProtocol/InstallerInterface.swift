package import Secrets
package import Varlink

/// `io.signet.Installer`: what `signet-installd` answers on its socket, which user `signet` alone can open.
package enum InstallerInterface {
    package static let name = "io.signet.Installer"
    /// The parameter of `Publish` that holds the key; a server keeps it out of what it decodes (`Call.secret`).
    package static let keyParameter = "key"

    /// The interface in Varlink's language.
    package static let description = """
        # Publishes what signetd obtained, after verifying it against root's own files. Only values come in: no path, no
        # descriptor. Certificates are base64 of DER.
        interface io.signet.Installer

        # Publishes one generation of a profile's identity, and the anchors that root's files name. key is base64 of PKCS#8
        # PEM; chain runs from the leaf's issuer upward, without the anchor. Answers with what was read back: the SHA-256 of
        # the certificate and of each anchor found. The generation before is kept for readers that have it open, unless
        # discard_previous says that it was another machine's.
        method Publish(
          profile: string,
          generation: int,
          key: string,
          certificate: string,
          chain: []string,
          discard_previous: ?bool
        ) -> (generation: int, sha256: string, anchors: []string)

        # Removes everything published for a profile that root's files no longer name.
        method Withdraw(profile: string) -> ()

        # Facts that only root can read; absent where the firmware has none.
        method GetDeviceFacts() -> (product_serial: ?string, product_uuid: ?string)

        # It was not done; code is stable, text says why and what to do.
        error Refused (code: string, text: string)

        """

    /// The interface as a service serves it.
    package static let interface = Interface(name: name, description: description)
}

/// A call to the installer, with its parameters read.
package enum InstallerRequest: Sendable {
    /// The key is nil where the call has none, or one that is no string.
    case publish(PublishParameters, key: Secret)
    case withdraw(profile: String)
    case getDeviceFacts

    /// Reads a call that `Service.route` has let through, from a server that was told of `keyParameter`.
    ///
    /// - Throws: `VarlinkError`, to be replied with.
    package init(_ call: Call) throws {
        switch call.method {
        case InstallerRequest.publishMethod:
            let parameters = try call.parameters(as: PublishParameters.self)
            guard let key = call.secret else { throw VarlinkError.invalidParameter(InstallerInterface.keyParameter) }
            self = .publish(parameters, key: key)
        case InstallerRequest.withdrawMethod:
            self = .withdraw(profile: try call.parameters(as: OneProfile.self).profile)
        case InstallerRequest.getDeviceFactsMethod: self = .getDeviceFacts
        default: throw VarlinkError.methodNotFound(call.method)
        }
    }

    /// The message to send, without its NUL; in a `Secret` because it may hold the key.
    ///
    /// - Throws: `VarlinkFault.unencodable`.
    package func frame() throws -> Secret {
        switch self {
        case .publish(let parameters, let key): return try PublishFrame.encode(parameters, key: key)
        case .withdraw(let profile):
            let bytes = try Call(InstallerRequest.withdrawMethod, OneProfile(profile: profile)).bytes
            return bytes.withUnsafeBytes { Secret(copying: $0) }
        case .getDeviceFacts:
            let bytes = try Call(InstallerRequest.getDeviceFactsMethod).bytes
            return bytes.withUnsafeBytes { Secret(copying: $0) }
        }
    }

    static let publishMethod = "\(InstallerInterface.name).Publish"
    private static let withdrawMethod = "\(InstallerInterface.name).Withdraw"
    private static let getDeviceFactsMethod = "\(InstallerInterface.name).GetDeviceFacts"

    private struct OneProfile: Codable { let profile: String }
}
