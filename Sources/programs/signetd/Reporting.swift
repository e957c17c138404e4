import ControlProtocol
import CurlTransport
import Faults
import SCEP
import Secrets
import SignetAgent
import SystemdHost

/// A transport to the management endpoint. The key goes from the agent's memory to libcurl, through no file.
func reportTransport(_ access: EndpointAccess) throws -> any Transport {
    try CurlTransport(
        tlsAuthorities: access.authorities, userAgent: "signet/\(Release.version)",
        client: ClientAccess(
            identity: access.key.map { ClientAccess.Identity(certificates: access.certificates, key: $0) },
            token: access.token))
}

/// The bearer token in a credential, without the line end that editors append.
func readToken(_ credential: String) throws -> Secret {
    guard let token = try StoredSecrets.credential(named: credential)?.trimmed(), !token.isEmpty else {
        throw ReportingFailure("no token in the credential '\(credential)' (a file in /etc/signet/credentials)")
    }
    guard ClientAccess.isToken(token) else {
        throw ReportingFailure(
            "the credential '\(credential)' is no bearer token: it may hold letters, digits and -._~+/ only")
    }
    return token
}
