import Enrollment
import Testing

/// What the machine makes of a disk that has lost something.
@Suite struct DamageTests {
    @Test func `An older generation stands in for a lost one, signs the next request, and is not published`() throws {
        var machine = EnrollmentMachine(.enrolled(.test(2)))
        let older = IdentityFacts.test(1, from: -70 * day)
        let actions = machine.handle(.started(latest: older, hasPending: false), now: at(0))
        #expect(actions.prepared?.rung == .renewalReq)
        #expect(!actions.contains(.publish(generation: 1)))
        #expect(machine.state.problems.map(\.code) == [.keyLost])
        machine.sendRequest(now: at(0))
        #expect(machine.handle(.issued(.test(3)), now: at(1)).contains(.publish(generation: 3)))
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `What stands in for a revoked identity is not taken for its pardon`() {
        var state = EnrollmentState.enrolled(.test(2))
        state.isRevoked = true
        var machine = EnrollmentMachine(state)
        _ = machine.handle(.started(latest: .test(1, from: -70 * day), hasPending: false), now: at(0))
        let actions = machine.handle(.revocation(isRevoked: false), now: at(1))
        #expect(machine.state.isRevoked)
        #expect(!actions.startsExchange)
        // Its own certificate is what the PKI may have released from a hold.
        var same = EnrollmentMachine(state)
        _ = same.handle(.revocation(isRevoked: false), now: at(1))
        #expect(!same.state.isRevoked)
    }

    @Test func `A lost state asks after the request in pending, and sends no challenge again`() {
        let rules = EnrollmentRules.singleUse
        let request = Transaction.test { $0.id = "T1" }
        let state = EnrollmentState.rebuilt(request, rules: rules, because: "it is gone", now: at(0))
        var machine = EnrollmentMachine(state: state, rules: rules)
        let actions = machine.handle(.started(latest: nil, hasPending: true), now: at(0))
        #expect(actions.polled?.id == "T1")
        #expect(machine.state.has(.stateRebuilt))
        var none = EnrollmentMachine(
            state: .rebuilt(nil, rules: rules, because: "it is gone", now: at(0)), rules: rules)
        #expect(!none.handle(.started(latest: nil, hasPending: false), now: at(0)).startsExchange)
        #expect(none.state.has(.challengeSpent))
        _ = machine.handle(.issued(.test()), now: at(1))
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `A lost state takes up the identity and the request for the next one`() {
        let request = Transaction.test(.renew, .renewalReq) { $0.id = "T2" }
        let state = EnrollmentState.rebuilt(
            request, identity: .test(3), rules: .singleUse, because: "it is gone", now: at(0))
        var machine = EnrollmentMachine(state, .singleUse)
        let actions = machine.handle(.started(latest: .test(3), hasPending: true), now: at(0))
        #expect(actions.polled?.id == "T2")
        #expect(actions.contains(.publish(generation: 3)))
        #expect(machine.state.problems.map(\.code) == [.stateRebuilt])
    }

    @Test func `A certificate that came after the state was lost counts, though the process ended before it said so`() {
        let state = EnrollmentState.rebuilt(.test { $0.id = "T1" }, rules: .test(), because: "it is gone", now: at(0))
        var machine = EnrollmentMachine(state, .test())
        let actions = machine.handle(.started(latest: .test(), hasPending: false), now: at(1))
        #expect(actions.contains(.publish(generation: 1)))
        #expect(!actions.startsExchange)
        #expect(machine.state.transaction == nil)
        #expect(machine.state.problems.isEmpty)
    }
}
