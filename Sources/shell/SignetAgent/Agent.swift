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
    /// Seconds within which changes of the configuration count as one.
    private static let burst = 0.5
    var memory = AgentMemory(id: "")
    var runners: [ProfileName: ProfileRunner] = [:]
    var order: [ProfileName] = []
    /// As of the last time that root's files were read.
    var configuration = Configuration(profiles: [], refused: [])
    var hostname = ""
    var context: RunnerContext?
    var refused: [(name: String, problem: Problem)] = []
    /// Files of profiles that were kept.
    var keptTexts: [ProfileName: [UInt8]] = [:]
    /// The agent's own folder cannot be used.
    private(set) var storage: Problem? {
        didSet { ports.log(from: oldValue, to: storage) }
    }
    private var watchers: [UUID: AsyncStream<StatusDocument>.Continuation] = [:]
    /// What the status files say.
    private var written: StatusDocument?
    private var isRefreshing = false
    private var mustRefreshAgain = false
    private var needChange: AsyncStream<Void>.Continuation?

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
        needChange?.finish()
    }

    // MARK: answers

    /// The status document, of one profile or of all.
    package func status(_ profile: String?) async throws -> StatusDocument {
        var document = await compose()
        guard let profile else { return document }
        guard document.profiles.contains(where: { $0.name == profile }) else { throw AgentError.noSuchProfile(profile) }
        document.profiles.removeAll { $0.name != profile }
        return document
    }

    /// The status document at once and after every change, newest only for a slow reader.
    package func changes() async -> AsyncStream<StatusDocument> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: StatusDocument.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        watchers[id] = continuation
        continuation.onTermination = { _ in self.onAgent { $0.forget(id) } }
        continuation.yield(await compose())
        return stream
    }

    /// Follows an admin's order. Throws `AgentError`.
    package func order(
        _ kind: Enrollment.Transaction.Kind, of profile: String
    ) async throws -> AsyncStream<OrderProgress> {
        // Who orders has often just changed the profile, or dropped it.
        await reload(andTick: false)
        let runner = try runner(profile)
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

    // MARK: staying

    /// Whether the process must stay: an exchange is under way, or something falls due before the next tick.
    package func isNeeded() async -> Bool {
        var until = ports.now().addingTimeInterval(Schedule.tick)
        // Whoever ordered in vain puts another challenge in place and orders again, and must find another process: what
        // other profiles wait for is taken up by that one, or at the tick.
        for runner in runners.values where await runner.hasFailedOrder { until = ports.now() }
        for runner in runners.values where await runner.isNeeded(until: until) { return true }
        if isReloadPlanned { return true }
        if await withdrawals?.isBusy ?? false { return true }
        return await reporter.isNeeded()
    }

    /// How long an idle process stays for its next client.
    package enum Linger: Sendable { case full, brief, none }

    /// Not long while somebody is about to put a credential in place, which only a new process sees: not at all where an
    /// order has just failed for it, and else as briefly as keeps callers from starting one process after the other.
    package func linger() async -> Linger {
        var linger = Linger.full
        for runner in runners.values {
            if await runner.hasFailedOrder { return .none }
            if await runner.awaitsCredential { linger = .brief }
        }
        return linger
    }

    /// Whether an exchange, a publication or a withdrawal is under way; each ends within its own deadlines.
    package func isBusy() async -> Bool {
        for runner in runners.values where await runner.isBusy { return true }
        return await withdrawals?.isBusy ?? false
    }

    /// Yields whenever `isNeeded` may have changed. One reader.
    package func needChanges() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        needChange = continuation
        return stream
    }

    // MARK: parts

    private func runner(_ profile: String) throws -> ProfileRunner {
        guard let name = ProfileName(profile), let runner = runners[name] else {
            throw AgentError.noSuchProfile(profile)
        }
        return runner
    }

    private func forget(_ id: UUID) { watchers[id] = nil }

    /// Keeps the memory on disk. What could not be read is never written over.
    func saveMemory() {
        do {
            if memory.id.isEmpty { memory.id = try (AgentMemory.kept(ports) ?? AgentMemory.fresh(ports)).id }
            try memory.save(ports)
            storage = nil
        } catch {
            let code: ProblemCode = error is UnreadableMemory ? .stateUnreadable : .storage
            storage = Problem(code, since: storage?.since ?? ports.now(), detail: "\(error)")
        }
    }

    /// Writes status and metrics, and tells watchers; calls that come meanwhile are answered by one more round. Steps of
    /// an exchange are for watchers: they are not written each.
    func refresh(_ change: StatusChange = .content) async {
        guard !isRefreshing else { return mustRefreshAgain = true }
        // Nobody would see it.
        if change == .step, watchers.isEmpty, written?.isRecent(at: ports.now()) == true { return }
        isRefreshing = true
        repeat {
            mustRefreshAgain = false
            let isJudged = await isJudged()
            let document = await compose()
            if await observe(document) { mustRefreshAgain = true }
            if isJudged, written?.says(document) != true {
                write(document)
            }
            for watcher in watchers.values { watcher.yield(document) }
            needChange?.yield()
        } while mustRefreshAgain
        isRefreshing = false
    }

    /// Whether the device tag of each profile is known. Before that it would read as lost, at every start of a process;
    /// the files of the last process are truer.
    private func isJudged() async -> Bool {
        for runner in runners.values where await runner.awaitsFirstJudgement { return false }
        return true
    }

    private func write(_ document: StatusDocument) {
        do {
            try ports.publish("status.json", Array(try document.json()))
            try ports.publish("metrics.prom", Array(MetricsText.render(document).utf8))
            written = document
        } catch {
            ports.log(ignored: "the status files could not be written: \(error)")
        }
    }

    func compose() async -> StatusDocument {
        let now = ports.now()
        let reports = await reporter.summary
        var profiles: [StatusDocument.Profile] = []
        for name in order {
            guard let runner = runners[name] else { continue }
            profiles.append(await runner.status())
            if let serial = await runner.serialNumber, serial != memory.serialNumber {
                memory.serialNumber = serial
                saveMemory()
            }
        }
        let own = (storage.map { [$0] } ?? []) + (await withdrawals?.problems ?? [])
        return StatusDocument(
            writtenAt: Timestamp(now), nextTick: Timestamp(Self.nextTick(after: now)),
            agent: StatusDocument.Agent(version: ports.versions.agent, openssl: ports.versions.openssl),
            device: StatusDocument.Device(
                id: memory.id, hostname: hostname, serialNumber: memory.serialNumber),
            outbox: reports.outbox,
            problems: (refused.map(\.problem) + own).map { StatusDocument.Problem($0) } + reports.problems,
            profiles: profiles)
    }
}

extension StatusDocument {
    /// Whether a file with this is not yet to be written again for its age.
    fileprivate func isRecent(at now: Date) -> Bool { (0..<60).contains(now.timeIntervalSince(writtenAt.date)) }

    /// Whether this still tells a reader of files what the other does: all but that an exchange runs and how far it is, and for no
    /// longer than a minute, since readers look at how old a file is.
    fileprivate func says(_ other: StatusDocument) -> Bool {
        guard isRecent(at: other.writtenAt.date) else { return false }
        var other = other
        other.writtenAt = writtenAt
        for (index, profile) in profiles.enumerated() where other.profiles.indices.contains(index) {
            guard let transaction = other.profiles[index].transaction, transaction.step != "pending" else { continue }
            other.profiles[index].transaction = profile.transaction
            other.profiles[index].state = profile.state
            other.profiles[index].next = profile.next
        }
        return self == other
    }
}
