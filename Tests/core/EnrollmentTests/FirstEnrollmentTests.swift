import Enrollment
import Testing

@Suite struct FirstEnrollmentTests {
    @Test func `From nothing to a published certificate, and on to its renewal`() {
        var machine = EnrollmentMachine()
        let opened = Transaction.test()
        #expect(
            machine.handle(.started(latest: nil, hasPending: false), now: at(0))
                == [.prepare(opened), .wait(until: nil)])
        #expect(machine.isBusy)

        #expect(
            machine.handle(.observed(authority: ["a"], capabilities: [], weaknesses: nil), now: at(1)) == [
                .wait(until: nil)
            ])
        let sent = Transaction.test(step: .sent) {
            $0.id = "T1"
            $0.challengeSent = true
        }
        #expect(
            machine.handle(.prepared(id: "T1", challengeSent: true), now: at(1))
                == [.send(sent), .wait(until: nil)])

        let identity = IdentityFacts.test()
        #expect(
            machine.handle(.issued(identity), now: at(2))
                == [.publish(generation: 1), .wait(until: at(66 * day))])
        #expect(machine.isBusy)
        #expect(machine.handle(.published(1), now: at(3)) == [.wait(until: at(66 * day))])
        #expect(!machine.isBusy)
        #expect(machine.state.problems.isEmpty)
        #expect(machine.state.transaction == nil)
    }

    @Test func `A machine that was enrolled waits for the renewal and does nothing before`() {
        var machine = EnrollmentMachine(.enrolled())
        let wait = [EnrollmentAction.wait(until: at(66 * day))]
        #expect(machine.handle(.started(latest: .test(), hasPending: false), now: at(day)) == wait)
        #expect(machine.handle(.ticked, now: at(66 * day - 1)) == wait)
        #expect(
            machine.handle(.ticked, now: at(66 * day)).prepared
                == .test(.renew, .renewalReq, startedAt: at(66 * day)))
    }

    @Test func `A profile without a challenge enrolls without one`() {
        var machine = EnrollmentMachine(EnrollmentState(), .test { $0.hasChallenge = false })
        #expect(machine.handle(.started(latest: nil, hasPending: false), now: at(0)).prepared == .test())
        machine.sendRequest(now: at(0))
        #expect(machine.state.transaction?.challengeSent == false)
    }

    @Test func `Ticks while an exchange is out start nothing`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        #expect(machine.handle(.ticked, now: at(day)) == [.wait(until: nil)])
        #expect(machine.handle(.started(latest: nil, hasPending: false), now: at(day)).startsExchange)
    }

    @Test func `A generation that came in a crash is taken over and published`() {
        var machine = EnrollmentMachine(
            .test { $0.transaction = .test(.enroll, .challenge, step: .sent) { $0.challengeSent = true } })
        #expect(
            machine.handle(.started(latest: .test(), hasPending: false), now: at(0))
                == [.publish(generation: 1), .wait(until: at(66 * day))])
        #expect(machine.state.transaction == nil)
    }

    @Test func `A certificate that ends before the last one did is kept and shown`() {
        var machine = EnrollmentMachine(.enrolled())
        _ = machine.handle(.ticked, now: at(66 * day))
        machine.sendRequest(now: at(66 * day))
        _ = machine.handle(.issued(.test(2, from: 66 * day, lifetime: 10 * day)), now: at(66 * day))
        #expect(machine.state.identity?.generation == 2)
        #expect(machine.state.problems.map(\.code) == [.expiresSooner])
        #expect(machine.nextDue(now: at(66 * day)) == at(72.6 * day))
    }

    @Test func `A certificate dated back does not lead from one renewal straight to the next`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        // Of a day and two minutes, two minutes are left.
        _ = machine.handle(.issued(.test(1, from: -day, lifetime: day + 120)), now: at(0))
        #expect(machine.nextDue(now: at(0)) == at(0.66 * 120))
        #expect(machine.handle(.published(1), now: at(1)) == [.wait(until: at(0.66 * 120))])
    }
}
