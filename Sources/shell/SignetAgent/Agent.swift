package import ControlProtocol
package import Enrollment
package import FoundationEssentials
import Profiles
import SCEP
import X509

/// The agent: one runner a profile, the status that they add up to, and the answers to callers.
///
/// Starting is recovering: whatever an earlier process left on disk is taken up, by the same code.
package actor Agent {
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        AgentExecutor.shared.asUnownedSerialExecutor()
    }

    let ports: AgentPorts
    let keys: KeyGenerator
    let reporter: Reporter
    /// Made at the start: it tells this agent what it did.
    var withdrawals: Withdrawals?
    private var reloading: Task<Void, Never>?
    private(set) var isReloadPlanned = false
    private(set) var reloadsUnderWay = 0
    /// Seconds within which changes of the configuration count as one.
    private static let burst = 0.5
    var memory = AgentMemory(id: "")
    var runners: [ProfileName: ProfileRunner] = [:]
    var order: [ProfileName] = []
    /// Whether this process knows whose machine this is.
    var knowsMachine = false
    /// What tells it from others, where this process has looked.
    var traits: MachineTraits?
    /// What lies on the disk is another machine's, and that could not be written down yet: nothing is done with it.
    var isMachineUnsettled = false
    /// As of the last time that root's files were read.
    var configuration = Configuration(profiles: [], refused: [])
    var hostname = ""
    var context: RunnerContext?
    var refused: [(name: String, problem: Problem)] = []
    /// Files of profiles that were kept.
    var keptTexts: [ProfileName: [UInt8]] = [:]
    /// The agent's own folder cannot be used.
    var storage: Problem? {
        didSet { ports.log(from: oldValue, to: storage) }
    }
    /// Files of profiles could not be kept.
    var unkept: Problem? {
        didSet { ports.log(from: oldValue, to: unkept) }
    }
    var watchers: [UUID: AsyncStream<StatusDocument>.Continuation] = [:]
    /// What the status files say.
    var written: StatusDocument?
    var isRefreshing = false
    var mustRefreshAgain = false
    var needChange: AsyncStream<Void>.Continuation?
    /// Of the next process.
    var laterOrders: [AsyncStream<OrderProgress>.Continuation] = []

    package init(_ ports: AgentPorts) {
        self.ports = ports
        keys = KeyGenerator(cryptography: ports.cryptography)
        reporter = Reporter(ports)
    }

    /// Takes up what lies on disk. A folder that cannot be read or written is a problem in the status, not an end:
    /// somebody must be told. Throws only where there is no randomness.
    package func start() async throws {
        await reporter.onChange { [weak self] in await self?.refresh() }
        do {
            memory = try AgentMemory.kept(ports) ?? AgentMemory.fresh(ports)
        } catch let fault as UnreadableMemory {
            // Without an id: one that is made now would be another one tomorrow.
            storage = Problem(.stateUnreadable, since: ports.now(), detail: "\(fault)")
        }
        withdrawals = Withdrawals(ports) { [weak self] in await self?.refresh() }
        await reload()
    }

    /// Reads root's configuration again and, unless an order follows, looks whether something is due. One after the
    /// other: what was read first must not be applied last.
    package func reload(andTick: Bool = true) async {
        reloadsUnderWay += 1
        defer { reloadsUnderWay -= 1 }
        let before = reloading
        let task = onAgent { agent in
            await before?.value
            await agent.readConfiguration(andTick: andTick)
        }
        reloading = task
        await task.value
    }

    /// Something below /etc/signet changed: reads the configuration again, once for a burst of changes, since a profile
    /// and its anchors rarely come in one step.
    package func configurationChanged() {
        guard !isReloadPlanned else { return }
        isReloadPlanned = true
        onAgent { agent in
            await agent.ports.wait(agent.ports.now().addingTimeInterval(Self.burst))
            agent.isReloadPlanned = false
            await agent.reload()
        }
    }

    /// What the timer does: configuration, what is due, and the device tags.
    package func tick() async {
        await reload()
        for runner in runners.values { await runner.judge() }
    }

    /// The service manager's next tick: the full hour.
    package static func nextTick(after now: Date) -> Date {
        let hours = (now.timeIntervalSince1970 / Schedule.tick).rounded(.down)
        return Date(timeIntervalSince1970: (hours + 1) * Schedule.tick)
    }

    /// Ends everything that runs. What was under way is taken up by the next process.
    package func stop() async {
        for runner in runners.values { await runner.stop() }
        await withdrawals?.stop()
        await reporter.stop()
        for watcher in watchers.values { watcher.finish() }
        for order in laterOrders { order.finish() }
        needChange?.finish()
    }

    // MARK: answers

    /// Follows an admin's order. What is of the next process ends without an outcome. Throws `AgentError`.
    package func order(
        _ kind: Enrollment.Transaction.Kind, of profile: String
    ) async throws -> AsyncStream<OrderProgress> {
        // Who orders has often just changed the profile, or dropped it.
        await reload(andTick: false)
        let runner = try runner(profile)
        if await runner.hasFailedOrder { return ofNextProcess() }
        guard let progress = await runner.order(kind) else { throw AgentError.busy(profile: profile) }
        return progress
    }

    /// Judges the device tag now, of one profile or of all. Throws `AgentError`.
    package func evaluate(_ profile: String?) async throws -> [TagsReply.Entry] {
        let names = try profile.map { [try runner($0).name] } ?? order
        var tags: [TagsReply.Entry] = []
        for name in names {
            guard let runner = runners[name] else { continue }
            await runner.judgeAnew()
            tags.append(TagsReply.Entry(profile: "\(name)", tag: await runner.tagStatus()))
        }
        await refresh()
        return tags
    }

    // MARK: parts

    private func runner(_ profile: String) throws -> ProfileRunner {
        guard let name = ProfileName(profile), let runner = runners[name] else {
            throw AgentError.noSuchProfile(profile)
        }
        return runner
    }

    /// Keeps the memory on disk. What could not be read is never written over.
    func saveMemory() {
        // Why that could not be written down is still so.
        guard !isMachineUnsettled else { return }
        do {
            if memory.id.isEmpty { memory.id = try (AgentMemory.kept(ports) ?? AgentMemory.fresh(ports)).id }
            try memory.save(ports)
            storage = nil
        } catch {
            let code: ProblemCode = error is UnreadableMemory ? .stateUnreadable : .storage
            storage = Problem(code, since: storage?.since ?? ports.now(), detail: "\(error)")
        }
    }

}
