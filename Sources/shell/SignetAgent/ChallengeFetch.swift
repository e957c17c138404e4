import Challenges
import Profiles
import SCEP
import Secrets

/// Fetches challenges from a server that hands them out, by the ways that lead to the profile's SCEP server.
struct ChallengeFetch {
    let ports: AgentPorts
    let settings: SCEPSettings
    let server: ChallengeServer

    /// Throws what says where the credential was looked for.
    func requireCredential() throws { _ = try access() }

    /// A challenge that nobody has had before. Throws `TransportFault`, `ChallengeFault`, or what `requireCredential` does.
    func challenge() async throws -> Secret {
        let transport = try ports.transport(access())
        var response = try await transport.exchange(
            HTTPRequest(
                method: server.method == .post ? .post : .get, url: server.url, limit: ChallengeAnswer.limit,
                deadline: ExchangeLimits.deadline))
        let answer = ChallengeAnswer(
            from: server.url, status: response.status, contentType: response.contentType,
            body: Secret(taking: &response.body), credential: server.credential)
        return switch server.kind {
        case .ndes: try answer.ndesChallenge()
        case .endpoint: try answer.endpointChallenge()
        }
    }

    private func access() throws -> EndpointAccess {
        var access = EndpointAccess(authorities: try settings.tlsCA.map { try ports.bytes($0) })
        access.proxy = try ports.proxy(settings.proxy)
        guard let credential = server.credential else { return access }
        switch server.kind {
        case .ndes: access.login = try ports.login(credential)
        case .endpoint: access.token = try ports.reports.token(credential)
        }
        return access
    }
}
