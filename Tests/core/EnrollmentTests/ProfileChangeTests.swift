import Enrollment
import Testing

@Suite struct ProfileChangeTests {
    @Test func `A request that was not sent is made anew from the changed profile`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(.notConnected), now: at(0))
        machine.rules.servers = [otherServer]
        machine.rules.profileDigest = "another"
        let actions = machine.handle(.ticked, now: at(1))
        #expect(actions.first == .discardPending)
        #expect(actions.prepared?.server == otherServer)
    }

    @Test func `A request that may have arrived is still asked after, where it went`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.failed(.lost), now: at(0))
        machine.rules.servers = [otherServer]
        machine.rules.profileDigest = "another"
        let polled = machine.handle(.ticked, now: at(1)).polled
        #expect(polled?.server == firstServer)
        // In vain: from then on the new one is asked.
        _ = machine.handle(.refused(nil, text: nil), now: at(1))
        _ = machine.tickWhenDue(after: at(1))
        _ = machine.handle(.failed(.notConnected), now: at(100))
        #expect(machine.state.transaction?.server == otherServer)
    }

    @Test func `A change while an exchange is out starts no second one`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.rules.profileDigest = "another"
        #expect(machine.handle(.ticked, now: at(1)) == [.wait(until: nil)])
    }

    @Test func `The same profile read again changes nothing`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(.http(404)), now: at(0))
        machine.rules = .test()
        #expect(machine.handle(.ticked, now: at(1)) == [.wait(until: at(day))])
    }

    @Test func `A changed schedule moves the renewal`() {
        var machine = EnrollmentMachine(.enrolled())
        machine.rules.renewAt = 0.5
        machine.rules.profileDigest = "another"
        #expect(machine.handle(.ticked, now: at(day)).last == .wait(until: at(50 * day)))
    }

    @Test func `What a changed profile says of installation is carried out, once`() {
        var machine = EnrollmentMachine(.enrolled())
        machine.rules.profileDigest = "another"
        #expect(machine.handle(.ticked, now: at(day)).first == .publish(generation: 1))
        _ = machine.handle(.published(1), now: at(day))
        #expect(machine.handle(.ticked, now: at(day + 1)).count == 1)
    }

    @Test func `What root's files hold is published anew, and nothing else follows from it`() {
        var state = EnrollmentState.enrolled()
        state.isChallengeSpent = true
        var machine = EnrollmentMachine(state, .singleUse)
        machine.rules.filesDigest = "another anchor"
        #expect(
            machine.handle(.ticked, now: at(day)) == [.publish(generation: 1), .wait(until: at(66 * day))])
        #expect(machine.state.isChallengeSpent)
        _ = machine.handle(.published(1), now: at(day))
        #expect(machine.handle(.ticked, now: at(day + 1)).count == 1)
    }

    @Test func `A change while it is being published is published after it`() {
        var machine = EnrollmentMachine(.enrolled())
        machine.rules.filesDigest = "one"
        _ = machine.handle(.ticked, now: at(day))
        machine.rules.filesDigest = "two"
        #expect(machine.handle(.ticked, now: at(day)) == [.wait(until: at(66 * day))])
        #expect(machine.handle(.published(1), now: at(day)).first == .publish(generation: 1))
        #expect(machine.handle(.published(1), now: at(day)) == [.wait(until: at(66 * day))])
        #expect(machine.state.published == 1)
    }

    @Test func `An order that comes with a change is followed`() {
        var machine = EnrollmentMachine(.enrolled())
        machine.rules.profileDigest = "another"
        let actions = machine.handle(.ordered(.renew), now: at(day))
        #expect(actions.prepared?.isOrdered == true)
        #expect(machine.isBusy)
    }
}
