package import ControlProtocol
import Profiles
import Reports

extension Agent {
    /// Sends the outbox and a fresh heartbeat now. Throws `AgentError`.
    package func sendReport() async throws -> SendReportReply {
        await reload(andTick: false)
        for runner in runners.values { await runner.judgeAnew() }
        _ = await observe(await compose())
        return try await reporter.sendNow()
    }

    /// Has the reporter look at what is so.
    ///
    /// - Returns: whether that changed what the status says of reports.
    func observe(_ document: StatusDocument) async -> Bool {
        var profiles: [Observation.Profile] = []
        for name in order {
            if let observation = await runners[name]?.observation() { profiles.append(observation) }
        }
        let own = (await withdrawals?.problems ?? []).map { StatusDocument.Problem($0) }
        // From here on in one turn: configuration and refusals belong together. Without the device's id on the disk there
        // is nobody to report, and who cannot list the profiles knows nothing.
        guard storage == nil, !isMachineUnsettled, configuration.isComplete, configuration.management != .unreadable
        else { return false }
        let refusals = Dictionary(grouping: refused.filter { ProfileName($0.name) != nil }, by: \.name)
            .mapValues { $0.map { StatusDocument.Problem($0.problem) } }
        let names = Set(configuration.profiles.map { "\($0.name)" } + configuration.refused.map(\.name))
        profiles.removeAll { !names.contains($0.status.name) }
        for index in profiles.indices {
            profiles[index].status.problems += refusals[profiles[index].status.name] ?? []
        }
        let unassigned = refused.filter { ProfileName($0.name) == nil }.map { StatusDocument.Problem($0.problem) }
        return await reporter.observe(
            Observation(
                agent: document.agent, device: document.device, problems: unassigned + own, profiles: profiles,
                unread: refusals.filter { refusal in
                    names.contains(refusal.key) && !profiles.contains { $0.status.name == refusal.key }
                },
                // A file that nobody can assign may be that of any profile.
                configured: names.allSatisfy { ProfileName($0) != nil } ? names : nil),
            route: route)
    }

    /// Where reports go.
    private var route: Reporter.Route? {
        guard case .endpoint(let settings) = configuration.management else { return nil }
        let names = configuration.profiles.map(\.name)
        return Reporter.Route(
            settings: settings, identity: settings.identity ?? (names.count == 1 ? names.first : nil),
            isAmbiguous: settings.identity == nil && names.count > 1)
    }
}
