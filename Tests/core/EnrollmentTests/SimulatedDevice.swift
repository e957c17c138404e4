import Enrollment
import FoundationEssentials
import SCEP

/// The process ended between two instructions.
struct Crash: Error {}

/// A device in virtual time: the machine, what it keeps on disk, and an agent that does what the machine says, in the
/// order of the real one: state first, then actions. It can end between any two steps.
struct SimulatedDevice {
    var now: Date
    var rules: EnrollmentRules
    var server: SimulatedServer
    /// What survives the process.
    private(set) var disk = Disk()
    private(set) var machine: EnrollmentMachine
    /// Events that the agent has seen and not yet handed over; they end with the process.
    private var events: [EnrollmentEvent] = []
    private var wake: Date?
    /// Steps until the process ends; nil for never.
    var stepsLeft: Int?
    private(set) var steps = 0
    private(set) var restarts = 0
    private(set) var sent = 0

    struct Disk {
        var state: EnrollmentState?
        /// The transaction whose request lies in pending/, and the key there.
        var pending: (id: String?, key: Int)?
        var generations: [IdentityFacts] = []
        var published: Int?
    }

    init(rules: EnrollmentRules = .test(), server: SimulatedServer, now: Date = at(0)) {
        self.rules = rules
        self.server = server
        self.now = now
        machine = EnrollmentMachine(EnrollmentState(), rules)
        restart()
    }

    /// A new process: nothing but the disk is left.
    mutating func restart() {
        restarts += 1
        // Through JSON, as in a file.
        let state = (try? disk.state?.afterRestart()) ?? EnrollmentState()
        machine = EnrollmentMachine(state, rules)
        wake = nil
        let isWaiting = disk.generations.last.map {
            $0.waits(now: now) && $0.generation > state.identity?.generation ?? 0
        }
        let (latest, next) =
            isWaiting == true
            ? (disk.generations.dropLast().last, disk.generations.last) : (disk.generations.last, nil)
        events = [.started(latest: latest, hasPending: disk.pending != nil, next: next)]
    }

    /// Goes on until `end`, through crashes, skipping the time in which nothing happens.
    mutating func run(until end: Date) {
        while now < end {
            do {
                if events.isEmpty {
                    guard !machine.isBusy, let wake, wake < end else {
                        now = end
                        return
                    }
                    now = max(now, wake)
                    events = [.ticked]
                }
                try handle(events.removeFirst())
            } catch {
                restart()
            }
        }
    }

    private mutating func step() throws {
        steps += 1
        guard let left = stepsLeft else { return }
        guard left > 0 else {
            stepsLeft = nil
            throw Crash()
        }
        stepsLeft = left - 1
    }

    private mutating func handle(_ event: EnrollmentEvent) throws {
        try step()
        let actions = machine.handle(event, now: now)
        try step()
        disk.state = machine.state
        for action in actions {
            try step()
            try perform(action)
        }
    }

    private mutating func perform(_ action: EnrollmentAction) throws {
        switch action {
        case .prepare: try prepare()
        case .send(let transaction):
            let answer = server.receive(
                transaction.id ?? "", key: disk.pending?.key ?? 0, showsChallenge: transaction.challengeSent,
                isAhead: transaction.succession == .asked, now: now)
            sent += 1
            try take(answer)
        case .poll(let transaction): try take(server.poll(transaction.id ?? "", now: now))
        case .discardPending: disk.pending = nil
        case .publish(let generation):
            disk.published = generation
            try step()
            events.append(.published(generation))
        case .refuseOrder: break
        case .wait(let until): wake = until
        }
    }

    private mutating func prepare() throws {
        guard server.isUp(now) else { return events.append(.failed(.notConnected)) }
        if disk.pending == nil { disk.pending = (nil, server.newKey()) }
        try step()
        let id = server.newID()
        disk.pending?.id = id
        try step()
        let showsChallenge = machine.state.transaction?.rung == .challenge && rules.hasChallenge
        let isAhead =
            server.successorBegins.map { now < $0 } == true && machine.state.transaction?.kind == .renew
        events.append(.prepared(id: id, challengeSent: showsChallenge, isAhead: isAhead))
    }

    private mutating func take(_ answer: SimulatedServer.Answer) throws {
        try step()
        switch answer {
        case .none: events.append(.failed(server.isUp(now) ? .lost : .notConnected))
        case .pending: events.append(.replyPending)
        case .refused(let info): events.append(.refused(info, text: nil))
        case .issued(var identity):
            identity.generation = (disk.generations.last?.generation ?? 0) + 1
            disk.pending = nil
            disk.generations.append(identity)
            try step()
            events.append(.issued(identity))
        }
    }
}
