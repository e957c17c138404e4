import ControlProtocol
import Enrollment
import FoundationEssentials
import JournalEntries
import Profiles
import X509

/// Root's configuration, as the agent takes it over.
extension Agent {
    /// Reads the configuration as it is, and brings the runners to it.
    func readConfiguration(andTick: Bool) async {
        if !knowsMachine, andTick || isMachineUnsettled { await recognizeMachine() }
        configuration = ports.configuration()
        keep(configuration)
        let lastGood = lastGood(configuration)
        configuration.profiles += lastGood
        let facts = ports.facts()
        hostname = facts[.hostname] ?? ""
        let context = RunnerContext(
            facts: facts, deviceID: memory.id, machine: memory.machine, traits: traits,
            anchors: anchors(of: configuration.profiles))
        self.context = context
        var problems: [(name: String, problem: Problem)] = []
        for profile in configuration.profiles where !isMachineUnsettled {
            if let runner = runners[profile.name] {
                let isRepaired = refused.contains { $0.name == "\(profile.name)" } && !lastGood.contains(profile)
                await runner.update(profile, context: context, andTick: andTick, isRepaired: isRepaired)
                continue
            }
            await withdrawals?.end(of: profile.name)
            do {
                let runner = try ProfileRunner(profile, context: context, ports: ports, keys: keys) { [weak self] in
                    await self?.refresh($0)
                }
                runners[profile.name] = runner
                await runner.start()
            } catch {
                problems.append(problem(.stateUnreadable, of: "\(profile.name)", detail: "\(profile.name): \(error)"))
            }
        }
        // A profile that has errors now goes on as it was; one that is gone ends.
        let kept = Set(configuration.profiles.map(\.name) + configuration.refused.compactMap { ProfileName($0.name) })
        for (name, runner) in runners where configuration.isComplete && !kept.contains(name) {
            await runner.stop()
            runners[name] = nil
        }
        // Nor is a profile gone whose file may be one of those that nobody can assign.
        if configuration.isComplete, !configuration.isAnyUnassigned {
            await withdrawals?.begin(keeping: kept)
        }
        for (name, errors) in configuration.refused {
            let goesOn = ProfileName(name).map { runners[$0] != nil } ?? false
            let lines = errors.prefix(8) + (goesOn ? ["the profile goes on as its file last was without errors"] : [])
            problems.append(problem(.profileInvalid, of: name, detail: lines.joined(separator: "\n")))
        }
        remember(problems)
        order = runners.keys.sorted()
        await refresh()
    }

    /// The anchors that Signet installed, for profiles of today or of yesterday, and those that it is about to
    /// install; nil where one of them cannot be read.
    private func anchors(of profiles: [Profile]) -> [Certificate]? {
        try? ports.installedAnchors() + profiles.flatMap(\.install.anchors).flatMap(ports.certificates)
    }

    /// Keeps each profile's file as it was accepted, so that one that is later spoilt can go on, over restarts too. What
    /// cannot be kept now is tried again whenever root's files are read.
    private func keep(_ configuration: Configuration) {
        var failure: (any Error)?
        for profile in configuration.profiles {
            guard let text = configuration.texts[profile.name], keptTexts[profile.name] != text else { continue }
            do {
                try ProfileStore(profile.name, files: ports.files).keep(profile: text)
                keptTexts[profile.name] = text
            } catch {
                failure = error
            }
        }
        unkept = failure.map { Problem(.storage, since: unkept?.since ?? ports.now(), detail: "\($0)") }
    }

    /// Of profiles that have errors now, or that cannot be seen, what they were when they last had none.
    private func lastGood(_ configuration: Configuration) -> [Profile] {
        let unseen = configuration.isComplete ? [] : (try? ports.files.names(in: "profiles")) ?? []
        return Set(configuration.refused.map(\.name) + unseen).sorted().compactMap { name in
            guard let name = ProfileName(name),
                let text = try? ProfileStore(name, files: ports.files).keptProfile()
            else { return nil }
            return try? ports.parse(name, text)
        }
    }

    private func problem(
        _ code: ProblemCode, of name: String, detail: String
    ) -> (name: String, problem: Problem) {
        let since = memory.refusedSince[name] ?? ports.now()
        memory.refusedSince[name] = since
        return (name, Problem(code, since: since, detail: detail))
    }

    private func remember(_ problems: [(name: String, problem: Problem)]) {
        let new = Dictionary(grouping: problems, by: \.name).mapValues { $0.map(\.problem) }
        let old = memory.refusals ?? [:]
        for name in Set(old.keys).union(new.keys).sorted() {
            let before = old[name]?.compactMap { $0.problem(since: ports.now()) } ?? []
            let fields = ProfileName(name).map { [JournalField.profile: "\($0)"] } ?? [:]
            for entry in JournalEntry.changes(from: before, to: new[name] ?? [], fields) { ports.log(entry) }
        }
        memory.refusals = new.isEmpty ? nil : new.mapValues { $0.map(AgentMemory.Refusal.init) }
        memory.refusedSince = memory.refusedSince.filter { new[$0.key] != nil }
        refused = problems
        saveMemory()
    }
}
