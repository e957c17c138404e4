import Enrollment
import FoundationEssentials
import SCEP

/// One random life of a machine, and the promises that it broke.
struct RandomWalk {
    private var random: SeededGenerator
    private var machine: EnrollmentMachine
    private var now = at(0)
    private enum Out { case nothing, preparing, asking }
    private var out = Out.nothing
    private var publishing: Int?
    private var generations: [IdentityFacts] = []
    private var hasPending = false
    /// A single-use challenge may have arrived, and neither a person nor another profile has intervened.
    private var isChallengeOut = false
    private(set) var violations: [String] = []
    private(set) var seen: Set<String> = []
    /// What the journal says of it.
    private(set) var reader = JournalReader()

    init(seed: UInt64) {
        random = SeededGenerator(seed)
        var rules = EnrollmentRules.test()
        rules.hasChallenge = Int.random(in: 0..<4, using: &random) > 0
        rules.singleUseChallenge = Bool.random(using: &random)
        rules.enrollsAfterRevocation = Bool.random(using: &random)
        rules.fraction = Double.random(in: 0..<1, using: &random)
        if Bool.random(using: &random) { rules.servers.append(otherServer) }
        machine = EnrollmentMachine(EnrollmentState(), rules)
        handle(.started(latest: nil, hasPending: false))
    }

    mutating func step() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: restart()
        case 1: handle(.ordered(Bool.random(using: &random) ? .renew : .enroll))
        case 2: handle(.revocation(isRevoked: Int.random(in: 0..<3, using: &random) == 0))
        case 3: changeProfile()
        case 4: pass(Double.random(in: 0..<40 * day, using: &random))
        case 5...9: passUntilDue()
        default: answer()
        }
    }

    // MARK: the world

    private mutating func pass(_ seconds: Double) {
        now = now.addingTimeInterval(seconds)
        handle(.ticked)
    }

    private mutating func passUntilDue() {
        guard let due = machine.nextDue(now: now) else { return pass(hour) }
        pass(max(due.timeIntervalSince(now), 0))
    }

    private mutating func changeProfile() {
        machine.rules.profileDigest = "\(random.next())"
        if Bool.random(using: &random) { machine.rules.servers.reverse() }
        isChallengeOut = false
        handle(.ticked)
    }

    private mutating func restart() {
        guard let state = try? machine.state.afterRestart() else { return violate("state is unreadable") }
        if state != machine.state { violate("state is not kept") }
        machine = EnrollmentMachine(state, machine.rules)
        out = .nothing
        publishing = nil
        reader.restart()
        let isWaiting = generations.last.map { $0.waits(now: now) && $0 != state.identity } ?? false
        handle(
            .started(
                latest: isWaiting ? generations.dropLast().last : generations.last, hasPending: hasPending,
                next: isWaiting ? generations.last : nil))
    }

    private mutating func answer() {
        if let number = publishing, Bool.random(using: &random) {
            publishing = nil
            return handle(
                Bool.random(using: &random) ? .published(number) : .publishFailed(.installRefused, detail: ""))
        }
        switch out {
        case .nothing: passUntilDue()
        case .preparing:
            guard Int.random(in: 0..<3, using: &random) > 0 else { return fail() }
            hasPending = true
            let showsChallenge = machine.state.transaction?.rung == .challenge && machine.rules.hasChallenge
            let mayBeAhead =
                machine.state.transaction.map { $0.kind == .renew && $0.succession == nil && !$0.isOrdered } ?? false
            let isAhead = mayBeAhead && Int.random(in: 0..<3, using: &random) == 0
            handle(.prepared(id: "\(random.next())", challengeSent: showsChallenge, isAhead: isAhead))
        case .asking:
            switch Int.random(in: 0..<5, using: &random) {
            case 0: issue()
            case 1: conclude(.replyPending)
            case 2:
                conclude(
                    .refused([nil, .badRequest, .badTime, .badCertId].randomElement(using: &random) ?? nil, text: nil))
            default: fail()
            }
        }
    }

    private mutating func issue() {
        let lifetime = [120, hour, day, 90 * day].randomElement(using: &random) ?? day
        let isAhead = machine.state.transaction?.succession == .asked
        let begin = isAhead ? now.addingTimeInterval(Double.random(in: 0..<day, using: &random)) : now
        let identity = IdentityFacts(
            generation: (generations.last?.generation ?? 0) + 1, notBefore: begin.addingTimeInterval(-60),
            notAfter: begin.addingTimeInterval(lifetime), isSignOnly: Int.random(in: 0..<3, using: &random) == 0,
            usedFrom: isAhead ? begin : nil)
        generations.append(identity)
        hasPending = false
        // Renamed and not told: the process may end in between.
        if Int.random(in: 0..<5, using: &random) == 0 { return restart() }
        conclude(.issued(identity))
    }

    private mutating func fail() {
        let troubles: [ExchangeTrouble] = [
            .lost, .notConnected, .html, .forged, .fullDisk, .http(403), .http(500), .http(503, retryAfter: 900),
        ]
        guard let trouble = troubles.randomElement(using: &random) else { return }
        if out == .asking, trouble == .notConnected, machine.state.transaction?.isRecovering == false {
            isChallengeOut = false
        }
        conclude(.failed(trouble))
    }

    private mutating func conclude(_ event: EnrollmentEvent) {
        out = .nothing
        handle(event)
    }

    // MARK: the promises

    private mutating func handle(_ event: EnrollmentEvent) {
        if case .prepared = event { out = .nothing }
        let old = machine
        let actions = machine.handle(event, now: now)
        defer {
            reader.read(
                machine.entries(for: event, after: old, actions: actions, profile: "office"), of: machine,
                isExchanging: out != .nothing)
        }
        for action in actions { follow(action) }
        if actions.filter(\.isWait).count != 1 || actions.last?.isWait != true { violate("not one wait, at the end") }
        if case .wait(let until) = actions.last { check(until) }
        if machine.isBusy != (out != .nothing || publishing != nil) { violate("busy with nothing, or the reverse") }
        if machine.state.isRevoked { seen.insert("revoked") }
        if machine.state.isChallengeSpent { seen.insert("spent") }
        if let generation = machine.state.identity?.generation { seen.insert("generation \(generation)") }
    }

    private mutating func follow(_ action: EnrollmentAction) {
        switch action {
        case .prepare(let transaction):
            begin(.preparing)
            seen.insert("prepare \(transaction.rung.rawValue)")
            checkChallenge(transaction)
        case .send(let transaction):
            begin(.asking)
            seen.insert("send")
            if transaction.challengeSent, machine.rules.singleUseChallenge { isChallengeOut = true }
        case .poll(let transaction):
            begin(.asking)
            seen.formUnion(["poll", transaction.step == .pending ? "pending" : "recovering"])
            if transaction.step == .sent, !transaction.isRecovering { violate("polls what was just sent") }
            if !hasPending { violate("polls without a key") }
        case .publish(let generation):
            if publishing != nil { violate("two publications at once") }
            publishing = generation
            seen.insert("publish")
            let one = generations.first { $0.generation == generation }
            if one?.waits(now: now) != false { violate("published before its time") }
            if one?.usedFrom != nil { seen.insert("publish what waited") }
        case .discardPending:
            hasPending = false
            seen.insert("discard")
        case .refuseOrder: seen.insert("refuse order")
        case .wait: break
        }
    }

    private mutating func begin(_ next: Out) {
        if out != .nothing { violate("two exchanges at once") }
        out = next
    }

    private mutating func checkChallenge(_ transaction: Transaction) {
        if transaction.rung != .challenge, machine.state.identity?.isSignOnly != false { violate("nobody to reply to") }
        guard transaction.rung == .challenge, machine.rules.hasChallenge, !transaction.isOrdered else { return }
        if isChallengeOut, machine.rules.singleUseChallenge { violate("a single-use challenge twice") }
        if machine.state.isRevoked, !machine.rules.enrollsAfterRevocation { violate("a challenge while revoked") }
    }

    private mutating func check(_ until: Date?) {
        let isExchanging = out != .nothing
        if let until {
            if !machine.isBusy, until <= now { violate("a wait that is over") }
            if let end = machine.state.identity?.notAfter, end > now, until > end { violate("a wait past the end") }
        }
        let state = machine.state
        let isUsable = state.identity.map { now < $0.notAfter } ?? false
        if !isUsable, state.identity != nil { seen.insert("expired") }
        let mayNot =
            (state.isRevoked && !machine.rules.enrollsAfterRevocation)
            || (state.isChallengeSpent && machine.rules.singleUseChallenge && machine.rules.hasChallenge)
        if mayNot, !state.isRevoked, !isUsable, until == nil { seen.insert("single-use withheld") }
        guard until == nil else { return }
        seen.insert("nothing planned")
        if !isExchanging, !mayNot { violate("nothing planned, and nothing under way") }
        if !isExchanging, state.problems.isEmpty { violate("nothing planned, and no problem says why") }
    }

    private mutating func violate(_ text: String) { violations.append("\(text) at \(now), \(machine.state)") }
}

extension EnrollmentAction {
    fileprivate var isWait: Bool {
        if case .wait = self { return true }
        return false
    }
}
