import Enrollment
import FoundationEssentials
import Testing

/// Clocks that are wrong, and clocks that are set while something is under way.
@Suite struct ClockTests {
    private let clockWrong = ExchangeTrouble(.local, code: .clockWrong, detail: "400 days ahead")
    /// What a machine without a battery wakes up to.
    private let epoch = Date(timeIntervalSince1970: 60)

    /// Answers every exchange in the same way until `end`: how often one began.
    private func attempts(
        _ machine: inout EnrollmentMachine, from start: Date, until end: Date, _ trouble: ExchangeTrouble
    ) -> Int {
        var (now, count) = (start, 0)
        var actions = machine.handle(.ticked, now: now)
        while count < 10_000 {
            if actions.startsExchange {
                count += 1
                actions = machine.handle(.failed(trouble), now: now)
            } else {
                guard let due = machine.nextDue(now: now), due < end else { break }
                now = max(due, now)
                actions = machine.handle(.ticked, now: now)
            }
        }
        return count
    }

    @Test
    func `1970 at boot, before the first enrollment: it is tried as often as anything, and at once when time is right`()
    {
        var machine = EnrollmentMachine()
        let count = attempts(&machine, from: epoch, until: epoch.addingTimeInterval(day), clockWrong)
        #expect((24...30).contains(count))
        #expect(machine.state.problems.map(\.code) == [.clockWrong])
        // The clock is set: nothing waits for what the old one said.
        #expect(machine.handle(.ticked, now: at(0)).prepared?.kind == .enroll)
        machine.sendRequest(now: at(0))
        _ = machine.handle(.issued(.test()), now: at(0))
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `1970 at boot, enrolled: nothing is sent, it is told, and the renewal comes at its time`() throws {
        var machine = EnrollmentMachine(try EnrollmentState.enrolled().afterRestart())
        let actions = machine.handle(.started(latest: .test(), hasPending: false), now: epoch)
        #expect(!actions.startsExchange)
        #expect(machine.state.problems.map(\.code) == [.clockWrong])
        #expect(attempts(&machine, from: epoch, until: epoch.addingTimeInterval(30 * day), clockWrong) == 0)
        #expect(machine.handle(.ticked, now: at(day)) == [.wait(until: at(66 * day))])
        #expect(machine.state == .enrolled())
    }

    @Test func `400 days ahead and back, enrolled: no challenge, no storm, and then as if nothing had been`() {
        var machine = EnrollmentMachine(.enrolled())
        let count = attempts(&machine, from: at(401 * day), until: at(431 * day), clockWrong)
        #expect((30 * 20...30 * 24 + 10).contains(count))
        #expect(Set(machine.state.problems.map(\.code)) == [.clockWrong, .expired])
        #expect(machine.handle(.ticked, now: at(day)) == [.discardPending, .wait(until: at(66 * day))])
        #expect(machine.state == .enrolled())
    }

    @Test func `400 days ahead and back with a challenge that is used up: it is missed no longer than that`() {
        var state = EnrollmentState.enrolled()
        state.isChallengeSpent = true
        var machine = EnrollmentMachine(state, .singleUse)
        _ = machine.handle(.ticked, now: at(401 * day))
        #expect(Set(machine.state.problems.map(\.code)) == [.challengeSpent, .expired])
        #expect(machine.handle(.ticked, now: at(day)) == [.wait(until: at(66 * day))])
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `A jump while a renewal waits for its next try does not put it off for years`() {
        var machine = EnrollmentMachine(.enrolled())
        _ = machine.handle(.ticked, now: at(66 * day))
        _ = machine.handle(.failed(.notConnected), now: at(66 * day))
        // Back to 1970 and forth again.
        #expect(machine.handle(.ticked, now: epoch).prepared?.kind == .renew)
        _ = machine.handle(.failed(clockWrong), now: epoch)
        #expect(machine.handle(.ticked, now: at(66 * day + 60)).prepared?.kind == .renew)
    }

    @Test func `Suspended over the renewal: it begins at once, and once`() {
        var machine = EnrollmentMachine(.enrolled())
        #expect(machine.handle(.ticked, now: at(day)) == [.wait(until: at(66 * day))])
        #expect(machine.handle(.ticked, now: at(90 * day)).prepared?.kind == .renew)
        #expect(!machine.handle(.ticked, now: at(90 * day)).startsExchange)
    }

    @Test func `Expired while off: an enrollment with the challenge, at once`() {
        var machine = EnrollmentMachine(.enrolled())
        let actions = machine.handle(.started(latest: .test(), hasPending: false), now: at(130 * day))
        #expect(actions.prepared?.kind == .enroll)
        #expect(actions.prepared?.rung == .challenge)
    }

    @Test func `A certificate that came by a clock ahead is renewed at its time once the clock is right`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(80 * day))
        machine.sendRequest(now: at(80 * day))
        _ = machine.handle(.issued(.test()), now: at(80 * day))
        _ = machine.handle(.published(1), now: at(80 * day))
        #expect(machine.nextDue(now: at(80 * day)) ?? at(0) > at(90 * day))
        #expect(machine.handle(.ticked, now: at(day)) == [.wait(until: at(66 * day))])
    }

    @Test func `A jump of 400 days does not end the wait for approval`() {
        var machine = EnrollmentMachine(EnrollmentState(), .singleUse)
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.replyPending, now: at(0))
        var now = at(400 * day)
        for _ in 0..<20 {
            #expect(machine.handle(.ticked, now: now).polled != nil)
            #expect(!machine.handle(.replyPending, now: now).contains(.discardPending))
            now = machine.nextDue(now: now) ?? now
        }
        // And back: the request is asked after, and what was approved meanwhile counts.
        #expect(machine.handle(.ticked, now: at(hour)).polled?.id == "T1")
        #expect(machine.handle(.issued(.test()), now: at(hour)).contains(.publish(generation: 1)))
    }

    @Test func `A reply that fits another clock is asked for again until time is right`() {
        var machine = EnrollmentMachine(EnrollmentState(), .singleUse)
        _ = machine.handle(.ticked, now: at(-2 * hour))
        machine.sendRequest(now: at(-2 * hour))
        _ = machine.handle(.failed(clockWrong), now: at(-2 * hour))
        for step in 1...5 {
            let now = at(-2 * hour + Double(step) * 1200)
            if machine.handle(.ticked, now: now).polled != nil { _ = machine.handle(.failed(clockWrong), now: now) }
        }
        #expect(machine.state.problems.map(\.code) == [.clockWrong])
        #expect(machine.handle(.ticked, now: at(hour)).polled?.id == "T1")
        #expect(machine.handle(.issued(.test()), now: at(hour)).contains(.publish(generation: 1)))
        #expect(machine.state.problems.isEmpty)
    }

    @Test(arguments: [120, hour, day, 90 * day, 3652 * day])
    func `A clock that jumps about is no storm, whatever the lifetime`(lifetime: Double) {
        var machine = EnrollmentMachine(.enrolled(.test(lifetime: lifetime)))
        var count = 0
        // Every jump may start one exchange, since what was planned may be due by then; and none another.
        for jump in 0..<100 {
            let now = at(jump.isMultiple(of: 2) ? 400 * day + lifetime : -400 * day)
            for second in 0..<50
            where machine.handle(.ticked, now: now.addingTimeInterval(Double(second))).startsExchange {
                count += 1
                _ = machine.handle(.failed(clockWrong), now: now.addingTimeInterval(Double(second)))
            }
        }
        #expect(count <= 100)
    }
}
