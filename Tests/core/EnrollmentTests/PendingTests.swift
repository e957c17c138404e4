import Enrollment
import FoundationEssentials
import SCEP
import Testing

@Suite struct PendingTests {
    private func pending() -> EnrollmentMachine {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.replyPending, now: at(0))
        return machine
    }

    @Test func `PENDING is asked after ever more seldom, from a minute to a quarter of an hour`() {
        var machine = pending()
        var now = at(0)
        var waits: [Double] = []
        for _ in 0..<9 {
            guard let due = machine.nextDue(now: now) else { break }
            waits.append(due.timeIntervalSince(now))
            now = due
            #expect(machine.handle(.ticked, now: now).polled?.step == .pending)
            #expect(machine.handle(.replyPending, now: now) == [.wait(until: machine.nextDue(now: now))])
        }
        #expect(waits == [60, 90, 135, 202.5, 303.75, 455.625, 683.4375, 900, 900])
        #expect(machine.state.problems.isEmpty)
    }

    @Test(arguments: [FailInfo.badRequest, .badMessageCheck])
    func `A person who rejects a request has nothing against its challenge`(info: FailInfo) {
        var machine = pending()
        #expect(machine.state.transaction?.challengeSent == true)
        _ = machine.handle(.ticked, now: at(60))
        _ = machine.handle(.refused(info, text: "rejected"), now: at(60))
        #expect(machine.state.problems.map(\.code) == [.refused])
    }

    @Test func `PENDING outlives the process, with its id and its time`() throws {
        let before = pending()
        var machine = EnrollmentMachine(try before.state.afterRestart())
        #expect(machine.state == before.state)
        #expect(machine.handle(.started(latest: nil, hasPending: true), now: at(10)) == [.wait(until: at(60))])
        let polled = try #require(machine.handle(.ticked, now: at(60)).polled)
        #expect(polled.id == "T1")
        #expect(polled.step == .pending)
        #expect(
            machine.handle(.issued(.test()), now: at(61)) == [.publish(generation: 1), .wait(until: at(66 * day))])
    }

    @Test func `Failures while it waits change nothing about it`() {
        for trouble in [ExchangeTrouble.lost, .notConnected, .html, .http(500), .http(404), .fullDisk] {
            var machine = pending()
            _ = machine.handle(.ticked, now: at(60))
            let actions = machine.handle(.failed(trouble), now: at(60))
            #expect(!actions.contains(.discardPending))
            #expect(machine.state.transaction?.step == .pending)
            #expect(machine.state.problems.map(\.code) == [trouble.code])
            #expect(machine.tickWhenDue(after: at(60))?.actions.polled?.id == "T1")
        }
    }

    @Test func `After seven days without approval it ends, and a day later begins anew (N-80)`() {
        var machine = pending()
        var now = at(0)
        var actions: [EnrollmentAction] = []
        while actions.first != .discardPending, now < at(30 * day) {
            guard let due = machine.nextDue(now: now) else { break }
            now = due
            _ = machine.handle(.ticked, now: now)
            actions = machine.handle(.replyPending, now: now)
        }
        #expect(actions == [.discardPending, .wait(until: now.addingTimeInterval(day))])
        #expect(now > at(7 * day) && now < at(7 * day + hour))
        #expect(machine.state.problems.map(\.code) == [.pendingTooLong])
        #expect(machine.handle(.ticked, now: now.addingTimeInterval(day)).prepared != nil)
    }

    @Test func `The limit holds where polls go unanswered too`() {
        var machine = pending()
        var now = at(0)
        while machine.state.transaction?.step == .pending, now < at(30 * day), let due = machine.nextDue(now: now) {
            now = due
            _ = machine.handle(.ticked, now: now)
            _ = machine.handle(.failed(.lost), now: now)
        }
        #expect(now > at(7 * day) && now < at(7 * day + 2 * hour))
        #expect(machine.state.problems.map(\.code) == [.pendingTooLong])
    }

    @Test func `A week asleep does not end it before the server was asked again`() {
        for trouble in [ExchangeTrouble.notConnected, .fullDisk] {
            var machine = pending()
            _ = machine.handle(.ticked, now: at(8 * day))
            #expect(machine.handle(.failed(trouble), now: at(8 * day)).first != .discardPending)
            #expect(machine.tickWhenDue(after: at(8 * day))?.actions.polled?.id == "T1")
            #expect(machine.handle(.issued(.test()), now: at(8 * day + 60)).first == .publish(generation: 1))
        }
    }

    @Test func `The wait for approval begins with PENDING, not with the first failure to connect`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(.notConnected), now: at(0))
        let later = at(8 * day)
        _ = machine.handle(.ticked, now: later)
        machine.sendRequest(now: later)
        #expect(machine.handle(.replyPending, now: later) == [.wait(until: later.addingTimeInterval(60))])
    }

    @Test func `A key that is gone from pending ends the wait with a new request`() {
        var machine = pending()
        _ = machine.handle(.started(latest: nil, hasPending: false), now: at(10))
        #expect(machine.state.problems.map(\.code) == [.keyLost])
        #expect(machine.tickWhenDue(after: at(10))?.actions.prepared?.step == .preparing)
    }
}
