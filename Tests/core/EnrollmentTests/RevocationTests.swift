import Enrollment
import Testing

@Suite struct RevocationTests {
    private func revoked(_ rules: EnrollmentRules = .test()) -> EnrollmentMachine {
        var machine = EnrollmentMachine(.enrolled(), rules)
        _ = machine.handle(.ticked, now: at(day))
        return machine
    }

    @Test func `A revoked identity sends nothing by itself, neither renewal nor challenge, even when it ends`() {
        var machine = revoked()
        #expect(machine.handle(.revocation(isRevoked: true), now: at(day)) == [.wait(until: at(100 * day))])
        #expect(machine.state.problems.map(\.code) == [.revoked])
        #expect(machine.nextDue(now: at(day)) == nil)
        for days in [2.0, 66, 80, 100, 200] {
            #expect(!machine.handle(.ticked, now: at(days * day)).startsExchange)
        }
    }

    @Test func `after-revocation = enroll shows the challenge at once`() {
        var machine = revoked(.test { $0.enrollsAfterRevocation = true })
        let actions = machine.handle(.revocation(isRevoked: true), now: at(day))
        #expect(actions.prepared == .test(startedAt: at(day)))
        machine.sendRequest(now: at(day))
        _ = machine.handle(.issued(.test(2, from: day)), now: at(day))
        #expect(!machine.state.isRevoked)
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `An admin's order may`() {
        var machine = revoked()
        _ = machine.handle(.revocation(isRevoked: true), now: at(day))
        let order = machine.handle(.ordered(.enroll), now: at(day)).prepared
        #expect(order?.rung == .challenge)
        #expect(order?.isOrdered == true)
        // It stays an order while it is tried again.
        _ = machine.handle(.failed(.notConnected), now: at(day))
        #expect(machine.tickWhenDue(after: at(day))?.actions.prepared?.isOrdered == true)
    }

    @Test func `An ordered renewal of a revoked identity may go down to the challenge`() {
        var machine = revoked()
        _ = machine.handle(.revocation(isRevoked: true), now: at(day))
        #expect(machine.handle(.ordered(.renew), now: at(day)).prepared?.rung == .renewalReq)
        machine.sendRequest(now: at(day))
        _ = machine.handle(.refused(nil, text: nil), now: at(day))
        machine.sendRequest(now: at(day))
        #expect(machine.handle(.refused(nil, text: nil), now: at(day)).prepared?.rung == .challenge)
    }

    @Test func `A renewal under way when it is revoked does not go down to the challenge`() {
        var machine = revoked()
        _ = machine.handle(.ticked, now: at(66 * day))
        machine.sendRequest(now: at(66 * day))
        _ = machine.handle(.revocation(isRevoked: true), now: at(66 * day))
        #expect(machine.handle(.refused(nil, text: nil), now: at(66 * day)).prepared?.rung == .signedPKCSReq)
        machine.sendRequest(now: at(66 * day))
        #expect(!machine.handle(.refused(nil, text: nil), now: at(66 * day)).startsExchange)
    }

    @Test func `A challenge that was about to be shown is withheld`() {
        let due = at(66 * day)
        // While it waits for its next try.
        var waiting = EnrollmentMachine(.enrolled())
        _ = waiting.handle(.ticked, now: due)
        for _ in 0..<2 {
            waiting.sendRequest(now: due)
            _ = waiting.handle(.refused(nil, text: nil), now: due)
        }
        _ = waiting.handle(.failed(.notConnected), now: due)
        #expect(waiting.state.transaction?.rung == .challenge)
        #expect(waiting.handle(.revocation(isRevoked: true), now: due).first == .discardPending)
        #expect(waiting.tickWhenDue(after: due) == nil)

        // While the request is made.
        var preparing = EnrollmentMachine(.enrolled())
        _ = preparing.handle(.ticked, now: due)
        for _ in 0..<2 {
            preparing.sendRequest(now: due)
            _ = preparing.handle(.refused(nil, text: nil), now: due)
        }
        _ = preparing.handle(.revocation(isRevoked: true), now: due)
        #expect(
            preparing.handle(.prepared(id: "T", challengeSent: true), now: due)
                == [.discardPending, .wait(until: at(100 * day))])
        #expect(!preparing.isBusy)
    }

    @Test func `A revocation that is taken back lets the renewal go on`() {
        var machine = revoked()
        _ = machine.handle(.revocation(isRevoked: true), now: at(day))
        #expect(machine.handle(.revocation(isRevoked: false), now: at(2 * day)) == [.wait(until: at(66 * day))])
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `An expired identity enrolls with the challenge`() {
        var machine = EnrollmentMachine(.enrolled())
        #expect(
            machine.handle(.started(latest: .test(), hasPending: false), now: at(101 * day))
                == [.prepare(.test(startedAt: at(101 * day))), .wait(until: nil)])
        #expect(machine.state.problems.map(\.code) == [.expired])
        machine.sendRequest(now: at(101 * day))
        _ = machine.handle(.issued(.test(2, from: 101 * day)), now: at(101 * day))
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `An identity whose key is gone is lost, said so, and enrolled anew`() {
        var machine = EnrollmentMachine(.enrolled())
        #expect(machine.handle(.started(latest: nil, hasPending: false), now: at(day)).prepared?.kind == .enroll)
        #expect(machine.state.problems.map(\.code) == [.keyLost])
        _ = machine.handle(.failed(.notConnected), now: at(day))
        #expect(machine.state.problems.map(\.code) == [.keyLost, .unreachable])
    }
}
