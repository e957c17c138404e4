import ControlProtocol
import CurlTransport
import Faults
import SCEP
import Secrets
import SignetAgent
import SystemdHost

/// A transport to a server. The key goes from the agent's memory to libcurl, through no file.
func openTransport(_ access: EndpointAccess) throws -> any Transport {
    try CurlTransport(
        tlsAuthorities: access.authorities, userAgent: "signet/\(Release.version)",
        client: ClientAccess(
            identity: access.key.map { ClientAccess.Identity(certificates: access.certificates, key: $0) },
            token: access.token, login: access.login),
        proxy: access.proxy.map { HTTPProxy(url: $0.url, login: $0.login) })
}

/// What a credential holds, without the line end that editors append.
func readCredential(_ name: String) throws -> Secret {
    guard let secret = try StoredSecrets.credential(named: name)?.trimmed(), !secret.isEmpty else {
        throw CredentialFailure("nothing in the credential '\(name)' (a file in /etc/signet/credentials)")
    }
    return secret
}

/// The bearer token in a credential.
func readToken(_ credential: String) throws -> Secret {
    let token = try readCredential(credential)
    guard ClientAccess.isToken(token) else {
        throw CredentialFailure(
            "the credential '\(credential)' is no bearer token: it may hold letters, digits and -._~+/ only")
    }
    return token
}
