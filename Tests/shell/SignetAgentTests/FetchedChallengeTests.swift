import ControlProtocol
import Enrollment
import Faults
import FoundationEssentials
import Profiles
import SCEP
import Secrets
import Synchronization
import Testing

@testable import SignetAgent

/// A challenge that a server makes for whoever may ask.
@Suite(.timeLimit(.minutes(1)))
struct FetchedChallengeTests {
    /// A PKI, and the endpoint that makes its challenges.
    private final class Servers: Sendable {
        struct State {
            var pki: Responder
            var fetched: [EndpointAccess] = []
            /// Replies to requests and CertPolls that are still to be lost.
            var losses = 0
            /// The disk is full once a challenge was fetched.
            var fillsDisk = false
        }
        static let url = "https://pki.example.com/challenge"
        let world: World
        let state: Mutex<State>

        init(_ world: World, _ state: State) {
            self.world = world
            self.state = Mutex(state)
        }

        func answer(_ request: HTTPRequest, _ access: EndpointAccess) throws -> HTTPResponse {
            let now = world.ports.now()
            return try state.withLock { state in
                if request.url == Self.url {
                    state.fetched.append(access)
                    if state.fillsDisk { world.files.isFull = true }
                    let body = Array(Responder.challenge.utf8)
                    return HTTPResponse(status: 200, contentType: "text/plain", body: body)
                }
                let response = try state.pki.answer(request, now: now)
                guard request.method == .post, state.losses > 0 else { return response }
                state.losses -= 1
                throw TransportFault(.connectionLost, attempted: "wait for the answer")
            }
        }
    }

    /// Carries what one access may do to the servers.
    private struct Way: Transport {
        let servers: Servers
        let access: EndpointAccess
        func exchange(_ request: HTTPRequest) async throws -> HTTPResponse { try servers.answer(request, access) }
    }

    private func servers(_ change: (inout Servers.State) -> Void = { _ in }) throws -> (Servers, Agent) {
        var state = Servers.State(pki: try Responder())
        change(&state)
        var profile = try Profile.sample(fingerprints: state.pki.fingerprints)
        profile = Profile(
            name: profile.name, scep: with(profile.scep), subject: profile.subject, key: profile.key,
            renewal: profile.renewal, install: profile.install, deviceTag: profile.deviceTag)
        let world = World(profiles: [profile])
        world.startInstaller()
        let servers = Servers(world, state)
        var ports = world.ports
        ports.transport = { Way(servers: servers, access: $0) }
        ports.challenge = { _ in throw CancellationError() }
        ports.reports.token = { name in Array("token of \(name)".utf8).withUnsafeBytes { Secret(copying: $0) } }
        return (servers, Agent(ports))
    }

    private func with(_ settings: SCEPSettings) -> SCEPSettings {
        var settings = settings
        settings.challenge = ChallengeSource(
            location: .server(ChallengeServer(kind: .endpoint, url: Servers.url, credential: "c")), singleUse: false)
        settings.proxy = ProxySettings(url: "http://proxy.example.com:3128", credential: "p")
        return settings
    }

    /// Lets time pass until there is a certificate, with a disk that is soon cleared.
    private func enroll(_ agent: Agent, _ world: World) async throws -> StatusDocument.Profile {
        try await agent.start()
        for await _ in await agent.changes() {
            let profile = try #require(try await agent.status("office").profiles.first)
            // What the disk does not take leaves the exchange under way.
            let isHeld = profile.problems.contains { $0.code == "storage" }
            if await agent.isBusy(), !isHeld { continue }
            if profile.state == .active { return profile }
            #expect(!profile.problems.contains { $0.code == "challenge-spent" })
            world.files.isFull = false
            world.advance(max(profile.next?.at.date.timeIntervalSince(world.ports.now()) ?? 0, 60) + 1)
        }
        throw CancellationError()
    }

    @Test func `is fetched once, by the way that the profile names, with nothing but its own token`() async throws {
        let (servers, agent) = try servers()
        _ = try await enroll(agent, servers.world)
        await agent.stop()
        let state = servers.state.withLock { $0 }
        #expect((state.fetched.count, state.pki.requests, state.pki.challengesShown) == (1, 1, 1))
        let access = try #require(state.fetched.first)
        #expect(access.token?.withBytes { String(decoding: $0, as: UTF8.self) } == "token of c")
        #expect(access.login == nil && access.key == nil && access.certificates.isEmpty)
        #expect(access.proxy?.url == "http://proxy.example.com:3128")
        #expect(access.proxy?.login?.user.withBytes { String(decoding: $0, as: UTF8.self) } == "user")
    }

    @Test func `is another one once nobody can tell what became of the first`() async throws {
        // The reply, and those to both CertPolls.
        let (servers, agent) = try servers { $0.losses = 3 }
        _ = try await enroll(agent, servers.world)
        await agent.stop()
        let state = servers.state.withLock { $0 }
        #expect((state.fetched.count, state.pki.requests, state.pki.polls) == (2, 2, 2))
    }

    @Test func `is kept while the disk takes no request with it`() async throws {
        let (servers, agent) = try servers { $0.fillsDisk = true }
        _ = try await enroll(agent, servers.world)
        await agent.stop()
        let state = servers.state.withLock { $0 }
        #expect((state.fetched.count, state.pki.requests, state.pki.challengesShown) == (1, 1, 1))
    }
}
