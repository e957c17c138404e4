import Enrollment
import FoundationEssentials
import Testing

@Suite struct CloningTests {
    /// Of an enrolled device's disk in another machine.
    private func clone(_ change: (inout EnrollmentState) -> Void = { _ in }) -> EnrollmentState {
        var state = EnrollmentState.enrolled()
        change(&state)
        state.leaveRequests()
        state.disown(1, of: "d1", now: at(day))
        return state
    }

    private func started(_ state: EnrollmentState, _ rules: EnrollmentRules) -> (EnrollmentMachine, [EnrollmentAction])
    {
        var machine = EnrollmentMachine(state, rules)
        let actions = machine.handle(.started(latest: .test(), hasPending: false), now: at(day))
        return (machine, actions)
    }

    private let byItself = EnrollmentRules.test { $0.enrollsAfterCloning = true }

    @Test func `It waits, and tells whose identity it has`() throws {
        let (machine, actions) = started(try clone().afterRestart(), .test())
        #expect(actions == [.wait(until: at(100 * day))])
        #expect(machine.state.problems.map(\.text).first?.contains("d1") == true)
        #expect(machine.nextDue(now: at(day)) == nil)
        var later = machine
        #expect(!later.handle(.ticked, now: at(70 * day)).startsExchange, "it is not renewed either")
    }

    @Test(arguments: [Transaction.Kind.renew, .enroll])
    func `An order is a first enrollment`(kind: Transaction.Kind) {
        var (machine, _) = started(clone(), .test())
        let prepared = machine.handle(.ordered(kind), now: at(day)).prepared
        #expect(prepared?.kind == .enroll)
        #expect(prepared?.rung == .challenge)
    }

    @Test func `It enrolls by itself if root lets it, and is then a device like others`() {
        var (machine, actions) = started(clone(), byItself)
        #expect(actions.prepared?.kind == .enroll)
        machine.sendRequest(now: at(day))
        let identity = IdentityFacts.test(2, from: day)
        #expect(machine.handle(.issued(identity), now: at(day)).first == .publish(generation: 2))
        _ = machine.handle(.published(2), now: at(day))
        #expect(!machine.state.isForeign)
        #expect(machine.state.problems.isEmpty)
        #expect(machine.tickWhenDue(after: at(day))?.actions.prepared?.rung == .renewalReq)
    }

    @Test func `No rung of a renewal is left to it, wherever it stands`() {
        var (machine, _) = started(clone(), byItself)
        machine.sendRequest(now: at(day))
        for _ in 0..<20 {
            _ = machine.handle(.refused(nil, text: nil), now: at(2 * day))
            guard let next = machine.tickWhenDue(after: at(2 * day)) else { break }
            if let prepared = next.actions.prepared { #expect(prepared.rung == .challenge) }
            machine.sendRequest(now: next.at)
        }
    }

    @Test func `A challenge that was spent on the other machine is spent`() {
        let rules = EnrollmentRules.test { ($0.enrollsAfterCloning, $0.singleUseChallenge) = (true, true) }
        let (machine, actions) = started(clone { $0.isChallengeSpent = true }, rules)
        #expect(!actions.startsExchange)
        #expect(machine.state.problems.map(\.code) == [.cloned, .challengeSpent])
    }

    @Test func `The other machine's request is not asked after`() {
        let state = clone { state in
            state.transaction = .test(.renew, .renewalReq, step: .pending)
            state.retry = Retry(at: at(2 * day), count: 1, sort: .refused)
            state.raise(.unreachable, detail: "", now: at(0))
        }
        #expect(state.transaction == nil)
        #expect(state.retry == nil)
        #expect(state.problems.map(\.code) == [.cloned])
    }

    @Test func `A certificate that a crash kept from the state is the other machine's too`() {
        var state = EnrollmentState()
        state.disown(1, of: "d1", now: at(0))
        let (machine, actions) = started(state, .test())
        #expect(machine.state.isForeign)
        #expect(machine.state.has(.cloned))
        #expect(!actions.startsExchange)
    }

    @Test func `Back in its machine it goes on`() {
        var state = clone()
        #expect(state.hasDisowned(1))
        #expect(!state.hasDisowned(2))
        state.recognize()
        let (machine, actions) = started(state, .test())
        #expect(actions == [.wait(until: at(66 * day))])
        #expect(machine.state.problems.isEmpty)
    }
}

@Suite struct RestoredBackupTests {
    @Test func `An identity older than what is published is renewed at once, and only that one`() {
        var machine = EnrollmentMachine(.enrolled())
        machine.rules.filesDigest = "another"
        _ = machine.handle(.ticked, now: at(day))
        let actions = machine.handle(.foundNewerPublished(detail: "x"), now: at(day))
        #expect(actions.prepared?.kind == .renew)
        #expect(machine.state.problems.map(\.code) == [.installRefused])
        machine.sendRequest(now: at(day))
        #expect(machine.handle(.issued(.test(2, from: day)), now: at(day)).first == .publish(generation: 2))
        // Refused again: each renewal has the PKI issue one more.
        #expect(!machine.handle(.foundNewerPublished(detail: "x"), now: at(day)).startsExchange)
        _ = machine.tickWhenDue(after: at(day))
        _ = machine.handle(.published(2), now: at(2 * day))
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `What kept it back from being renewed keeps it back`() throws {
        var machine = EnrollmentMachine(.enrolled())
        machine.rules.filesDigest = "another"
        _ = machine.handle(.ticked, now: at(day))
        _ = machine.handle(.foundNewerPublished(detail: "x"), now: at(day))
        _ = machine.handle(.failed(.http(404)), now: at(day))
        var next = EnrollmentMachine(try machine.state.afterRestart(), machine.rules)
        let actions = next.handle(.started(latest: .test(), hasPending: false), now: at(day + hour))
        #expect(!actions.startsExchange)
    }
}
