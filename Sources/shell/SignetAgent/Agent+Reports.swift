package import ControlProtocol
import Enrollment
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
        // Without the device's id on the disk there is nobody to report, and who cannot list the profiles knows nothing.
        guard storage == nil, configuration.isComplete else { return false }
        let route: Reporter.Route?
        switch configuration.management {
        case .unreadable: return false
        case .absent: route = nil
        case .endpoint(let settings):
            let names = configuration.profiles.map(\.name)
            route = Reporter.Route(
                settings: settings, identity: settings.identity ?? (names.count == 1 ? names.first : nil),
                isAmbiguous: settings.identity == nil && names.count > 1)
        }
        var profiles: [Observation.Profile] = []
        for name in runners.keys.sorted() {
            if let observation = await runners[name]?.observation() { profiles.append(observation) }
        }
        let own = ProblemCode.ofReporting.map(\.rawValue)
        return await reporter.observe(
            Observation(
                agent: document.agent, device: document.device,
                problems: document.problems.filter { !own.contains($0.code) }, profiles: profiles,
                configured: Set(configuration.profiles.map { "\($0.name)" } + configuration.refused.map(\.name))),
            route: route)
    }
}
