import Enrollment
import Testing

@Suite struct OrderTests {
    @Test func `A renewal is ordered before its time`() {
        var machine = EnrollmentMachine(.enrolled())
        let opened = Transaction.test(.renew, .renewalReq, startedAt: at(day)) { $0.isOrdered = true }
        #expect(
            machine.handle(.ordered(.renew), now: at(day)) == [.prepare(opened), .wait(until: at(100 * day))])
    }

    @Test func `An order while an exchange or a publication is under way is refused`() {
        var exchanging = EnrollmentMachine(.enrolled())
        _ = exchanging.handle(.ordered(.renew), now: at(day))
        let before = exchanging.state
        #expect(exchanging.handle(.ordered(.enroll), now: at(day)).first == .refuseOrder)
        #expect(exchanging.state == before)

        var publishing = EnrollmentMachine(.enrolled())
        publishing.sendRequest(now: at(0))
        _ = publishing.handle(.issued(.test(2)), now: at(day))
        #expect(publishing.handle(.ordered(.renew), now: at(day)).first == .refuseOrder)
    }

    @Test func `An order does not wait for the retry`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(.http(403)), now: at(0))
        #expect(!machine.handle(.ticked, now: at(10)).startsExchange)
        let actions = machine.handle(.ordered(.enroll), now: at(10))
        #expect(actions.first == .discardPending)
        #expect(actions.prepared != nil)
    }

    @Test func `A renewal that is ordered while a request is pending asks after it at once`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.replyPending, now: at(0))
        #expect(machine.handle(.ordered(.renew), now: at(1)).polled?.id == "T1")
    }

    @Test func `An enrollment that is ordered leaves a pending request behind`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.replyPending, now: at(0))
        let actions = machine.handle(.ordered(.enroll), now: at(1))
        #expect(actions.first == .discardPending)
        #expect(actions.prepared?.id == nil)
    }

    @Test func `Without an identity, or with one that ended, a renewal is an enrollment`() {
        var none = EnrollmentMachine()
        #expect(none.handle(.ordered(.renew), now: at(0)).prepared?.kind == .enroll)
        var ended = EnrollmentMachine(.enrolled())
        #expect(ended.handle(.ordered(.renew), now: at(101 * day)).prepared?.kind == .enroll)
    }

    @Test(arguments: [
        ExchangeTrouble.notConnected, .html, .fullDisk,
        ExchangeTrouble(.local, code: .challengeUnavailable, detail: "no such file"),
    ])
    func `An order that fails does not stand in the way of the renewal of a good identity`(trouble: ExchangeTrouble) {
        var machine = EnrollmentMachine(.enrolled())
        _ = machine.handle(.ordered(.enroll), now: at(day))
        #expect(
            machine.handle(.failed(trouble), now: at(day)) == [.discardPending, .wait(until: at(66 * day))])
        #expect(machine.handle(.ticked, now: at(66 * day)).prepared?.kind == .renew)
    }

    @Test func `A refused renewal before its time leaves no wait in the past`() {
        var machine = EnrollmentMachine(.enrolled())
        _ = machine.handle(.ordered(.renew), now: at(day))
        for _ in 0..<3 {
            machine.sendRequest(now: at(day))
            _ = machine.handle(.refused(nil, text: nil), now: at(day))
        }
        #expect(machine.state.transaction == nil)
        #expect(machine.handle(.ticked, now: at(2 * day)) == [.wait(until: at(66 * day))])
        #expect(machine.handle(.ticked, now: at(3 * day)) == [.wait(until: at(66 * day))])
    }
}
