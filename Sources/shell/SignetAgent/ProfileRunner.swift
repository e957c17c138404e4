import DeviceTag
import Enrollment
import FoundationEssentials
import Installation
import JournalEntries
import Profiles
import SCEP
import Secrets
import X509

/// Carries out what one profile's machine decides: saves its state, then acts, and feeds back what came of it.
///
/// Everything runs on a queue of its own. Nothing in here decides what happens next.
actor ProfileRunner {
    nonisolated var unownedExecutor: UnownedSerialExecutor { AgentExecutor.shared.asUnownedSerialExecutor() }

    let name: ProfileName
    let ports: AgentPorts
    let store: ProfileStore
    let keys: KeyGenerator
    /// Tells the agent that status may have changed, if only in how far an exchange is.
    let changed: @Sendable (StatusChange) async -> Void
    var profile: Profile
    var context: RunnerContext

    var document: StateDocument
    var machine: EnrollmentMachine
    var generation: Generation?
    /// The newest generation, where another one is used until its time comes.
    var waiting: Generation?
    var run: TransactionRun?
    var verdict: TagVerdict?
    /// The judgement of the tag that runs, and the one that follows it.
    var judging: Task<Void, Never>?
    var queued: Task<Void, Never>?
    var lastFetch: [String: Date] = [:]
    /// The machine's serial number, once the installer told it.
    var serialNumber: String?
    /// The step of the exchange that is under way, for people.
    var step: String?
    var orders: [UUID: AsyncStream<OrderProgress>.Continuation] = [:]
    var orderedFrom = 0
    /// An order failed for want of a challenge that only another process will see.
    var hasFailedOrder = false
    /// What was issued and could not be kept yet: the PKI may give it once only.
    var unkept: IssuedCertificate?
    /// Events that could not be saved, oldest first, and why.
    var unsaved: (events: [EnrollmentEvent], problem: Problem)?
    /// Why not, over the tries to save them.
    private var held: Problem? {
        didSet { ports.log(from: oldValue, to: held, [.profile: "\(name)"]) }
    }
    var tasks: [Int: Task<Void, Never>] = [:]
    private var tasksBegun = 0
    private var timer: Task<Void, Never>?
    /// When the machine is to be woken.
    private(set) var armed: Date?
    /// When readers last did not find what was published.
    var lastAlteration: Date?
    /// The folder was read, and the machine knows what lies there.
    private(set) var isStarted = false
    private(set) var isStopped = false

    /// Reads the profile's folder. Throws where its state cannot be read: then the profile is left alone.
    init(
        _ profile: Profile, context: RunnerContext, ports: AgentPorts, keys: KeyGenerator,
        changed: @escaping @Sendable (StatusChange) async -> Void
    ) throws {
        name = profile.name
        self.profile = profile
        self.context = context
        self.ports = ports
        self.keys = keys
        self.changed = changed
        store = ProfileStore(profile.name, files: ports.files)
        document = try Self.takeState(from: store, profile, context, ports)
        machine = EnrollmentMachine(state: document.state, rules: profile.rules(context, ports))
    }

    /// Takes up what lies on disk.
    func start() {
        takeUp(then: [])
        if hasFoundFiles { feed(.repaired) }
        lookAtPublished()
        // What is being published is judged once that has ended.
        if !machine.isPublishing { judge() }
    }

    /// What cannot be read now is not gone: until it was read nothing is decided, and it is tried again in a minute.
    private func takeUp(then events: [EnrollmentEvent]) {
        do {
            if try store.hasCutCommit {
                do { try store.finishCommit() } catch { return hold(events, because: error) }
            }
            let (latest, next) = try store.generations(of: document.state, now: ports.now(), where: ports.isPair)
            let hasPending = try document.state.awaitsReply ? store.canUnderstandReplies(ports) : store.hasPending
            (generation, waiting) = (latest, next)
            isStarted = true
            feed(.started(latest: latest?.facts, hasPending: hasPending, next: next?.facts))
            for event in events { feed(event) }
        } catch {
            hold(events, as: .stateUnreadable, because: error)
        }
    }

    /// Takes the profile as root's files have it now and, unless an order follows, looks whether something is due.
    func update(_ profile: Profile, context: RunnerContext, andTick: Bool, isRepaired: Bool = false) {
        let isNew = profile != self.profile
        self.profile = profile
        self.context = context
        machine.rules = profile.rules(context, ports)
        if isNew, !machine.isBusy { run = nil }
        if isRepaired || hasFoundFiles { feed(.repaired) }
        if andTick {
            feed(.ticked)
            lookAtPublished()
        }
        if isNew { judge() }
    }

    /// Whether an exchange or a publication is under way.
    var isBusy: Bool { machine.isBusy }

    /// Ends running exchanges; what they were doing is taken up by the next process.
    func stop() {
        isStopped = true
        timer?.cancel()
        judging?.cancel()
        for task in tasks.values { task.cancel() }
        for order in orders.values { order.finish() }
    }

    /// Disk first, memory after: an event counts once the state that it leads to is synced.
    func feed(_ event: EnrollmentEvent) { feed([event]) }

    /// Events in their order, saved together: nothing is done about one before all of them count.
    func feed(_ events: [EnrollmentEvent]) {
        guard !isStopped else { return }
        if var held = unsaved {
            for event in events {
                held.events.removeAll { $0.isOutdated(by: event) }
                held.events.append(event)
            }
            unsaved = held
            return
        }
        var next = machine
        var actions: [EnrollmentAction] = []
        var entries: [JournalEntry] = []
        for event in events {
            let before = next
            let answer = next.handle(event, now: ports.now())
            entries += next.entries(for: event, after: before, actions: answer, profile: "\(name)")
            actions += answer
        }
        let change: StatusChange = next.state.isOnlyAStepFrom(document.state) ? .step : .content
        if next.state != document.state {
            do {
                var changedDocument = document
                changedDocument.state = next.state
                try store.save(changedDocument)
                document = changedDocument
            } catch {
                return hold(events, because: error)
            }
        }
        for entry in entries { ports.log(entry) }
        machine = next
        adoptGenerations(of: next.state)
        for action in actions { perform(action) }
        settleOrders()
        tell(change)
    }

    /// The generations that the state speaks of, which change places where a successor's time comes.
    private func adoptGenerations(of state: EnrollmentState) {
        let known = [generation, waiting].compactMap(\.self)
        func kept(_ facts: IdentityFacts?) -> Generation? {
            guard let number = facts?.generation else { return nil }
            return known.first { $0.number == number } ?? (try? store.generation(number)) ?? nil
        }
        if state.identity?.generation != generation?.number { generation = kept(state.identity) }
        if state.next?.generation != waiting?.number { waiting = kept(state.next) }
    }

    /// Keeps events that cannot be saved, and tries again in a minute. Nothing is acted on until then.
    private func hold(_ events: [EnrollmentEvent], as code: ProblemCode = .storage, because error: any Error) {
        let now = ports.now()
        let problem = Problem(code, since: held?.since ?? now, detail: "\(error)")
        held = problem
        unsaved = (events, problem)
        arm(now.addingTimeInterval(60))
        for order in orders.values { order.yield(.failed(unsaved?.problem)) }
        endOrders()
        tell(.content)
    }

    private func perform(_ action: EnrollmentAction) {
        switch action {
        case .prepare(let transaction): spawn { await $0.prepare(transaction) }
        case .send: spawn { await $0.send() }
        case .poll(let transaction): spawn { await $0.poll(transaction) }
        case .discardPending:
            run = nil
            unkept = nil
            do { try store.discardPending() } catch {
                ports.log(ignored: "\(name): the old request could not be removed: \(error)", [.profile: "\(name)"])
            }
        case .publish(let generation): spawn { await $0.publish(generation) }
        case .refuseOrder: break
        case .wait(let until): arm(until)
        }
    }

    private func spawn(_ body: @escaping @Sendable (isolated ProfileRunner) async -> Void) {
        tasksBegun += 1
        let id = tasksBegun
        tasks[id] = onAgent { runner in
            await body(runner)
            runner.tasks[id] = nil
        }
    }

    /// Wakes the machine at a moment of the wall clock. A clock that was set wakes it too, and it looks anew.
    func arm(_ until: Date?) {
        armed = until
        timer?.cancel()
        let now = ports.now()
        // A tag that ends by itself is judged anew at that moment.
        let end = verdict?.validUntil.flatMap { $0 > now ? $0 : nil }
        guard let soonest = [until, end].compactMap({ $0 }).min(), !isStopped else { return }
        let date = max(soonest, now.addingTimeInterval(0.05))
        timer = onAgent { runner in
            await runner.ports.wait(date)
            guard !Task.isCancelled else { return }
            runner.wake()
        }
    }

    func wake() {
        if let end = verdict?.validUntil, end <= ports.now() { judge() }
        guard let held = unsaved else { return feed(.ticked) }
        unsaved = nil
        let isLate = !isStarted
        if isStarted { for event in held.events { feed(event) } } else { takeUp(then: held.events) }
        if unsaved != nil { return }
        self.held = nil
        feed(.ticked)
        // What was judged before did not know what lies in the folder.
        if isLate { judge() }
    }

    /// After what is to be done about it.
    private func tell(_ change: StatusChange) {
        onAgent(priority: .utility) { await $0.changed(change) }
    }

    func report(step: String) {
        self.step = step
        for order in orders.values { order.yield(.step(step, at: ports.now())) }
        tell(.step)
    }
}

/// How much of the status a change touches.
enum StatusChange: Sendable {
    case content
    /// How far an exchange is, which only watchers are told.
    case step
}

extension EnrollmentState {
    /// Whether an exchange has merely begun or come on.
    fileprivate func isOnlyAStepFrom(_ earlier: EnrollmentState) -> Bool {
        guard let transaction, transaction.step != .pending, self != earlier else { return false }
        var earlier = earlier
        earlier.transaction = transaction
        earlier.authorities = authorities
        earlier.capabilities = capabilities
        return self == earlier
    }
}

/// What a runner needs to know of the device and of the other profiles.
struct RunnerContext: Sendable, Equatable {
    /// Values for templates, as of the last time that root's files were read; the serial number is the installer's.
    var facts: [TemplateVariable: String] = [:]
    var deviceID: String
    /// This machine, as identities remember it.
    var machine: MachineMarks?
    /// What tells it from others, where this process has looked.
    var traits: MachineTraits?
    /// Anchors that Signet installs: no TLS chain that ends in one proves anything. nil where they are not all known.
    var anchors: [Certificate]?
}
