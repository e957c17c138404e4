import Enrollment
import FoundationEssentials
import SCEP
import Testing

@Suite struct LostReplyTests {
    private func lost(_ rules: EnrollmentRules, _ trouble: ExchangeTrouble = .lost) -> EnrollmentMachine {
        var machine = EnrollmentMachine(EnrollmentState(), rules)
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.failed(trouble), now: at(0))
        return machine
    }

    @Test(arguments: [EnrollmentRules.test(), .singleUse])
    func `A request that may have arrived is asked after, and a late answer counts`(rules: EnrollmentRules) {
        var machine = lost(rules)
        #expect(machine.handle(.ticked, now: at(60)).polled?.id == "T1")
        #expect(machine.handle(.issued(.test()), now: at(61)).first == .publish(generation: 1))
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `With a reusable challenge two polls in vain lead to a new request with a new key`() {
        var machine = lost(.test())
        #expect(machine.handle(.ticked, now: at(60)).polled != nil)
        #expect(machine.handle(.failed(.lost), now: at(60)) == [.wait(until: at(180))])
        #expect(machine.handle(.ticked, now: at(180)).polled != nil)
        #expect(machine.handle(.failed(.lost), now: at(180)) == [.discardPending, .wait(until: at(420))])
        #expect(machine.handle(.ticked, now: at(420)).prepared?.attempt == 2)
    }

    @Test func `With a single-use challenge two polls in vain are the end`() {
        var machine = lost(.singleUse)
        _ = machine.handle(.ticked, now: at(60))
        _ = machine.handle(.failed(.lost), now: at(60))
        _ = machine.handle(.ticked, now: at(180))
        #expect(machine.handle(.failed(.lost), now: at(180)) == [.discardPending, .wait(until: nil)])
        #expect(machine.state.problems.map(\.code) == [.challengeSpent])
        // Why no certificate came is what to look at before another challenge is spent.
        #expect(machine.state.problems.first?.detail.hasSuffix(": timed out") == true)
        #expect(machine.handle(.ticked, now: at(365 * day)) == [.wait(until: nil)])
        // A person goes on, or another profile.
        var ordered = machine
        #expect(ordered.handle(.ordered(.enroll), now: at(day)).prepared?.isOrdered == true)
        machine.rules.profileDigest = "another"
        #expect(machine.handle(.ticked, now: at(day)).prepared != nil)
    }

    @Test(arguments: [EnrollmentRules.test(), .singleUse])
    func `Polls that cannot have arrived are repeated as long as it takes`(rules: EnrollmentRules) {
        var machine = lost(rules)
        var now = at(0)
        for _ in 0..<50 {
            guard let next = machine.tickWhenDue(after: now) else { break }
            now = next.at
            #expect(next.actions.polled?.id == "T1")
            _ = machine.handle(.failed(.notConnected), now: now)
        }
        _ = machine.tickWhenDue(after: now)
        #expect(machine.handle(.issued(.test()), now: now).first == .publish(generation: 1))
    }

    @Test(arguments: [FailInfo.badCertId, .badRequest])
    func `A server that does not know the request is sent a new one, if the challenge may`(info: FailInfo) {
        var reusable = lost(.test())
        _ = reusable.handle(.ticked, now: at(60))
        #expect(reusable.handle(.refused(info, text: nil), now: at(60)) == [.discardPending, .wait(until: at(180))])
        #expect(reusable.handle(.ticked, now: at(180)).prepared != nil)

        var single = lost(.singleUse)
        _ = single.handle(.ticked, now: at(60))
        // It may still be at it, and this challenge is the only one.
        #expect(single.handle(.refused(info, text: nil), now: at(60)) == [.wait(until: at(180))])
        var late = single
        #expect(late.handle(.ticked, now: at(180)).polled?.id == "T1")
        #expect(late.handle(.issued(.test()), now: at(181)).first == .publish(generation: 1))
        _ = single.handle(.ticked, now: at(180))
        #expect(single.handle(.refused(info, text: nil), now: at(180)) == [.discardPending, .wait(until: nil)])
        #expect(single.state.problems.map(\.code) == [.challengeSpent])
    }

    @Test func `A server without CertPoll does not hide why the reply was lost`() {
        var machine = lost(.test(), .forged)
        #expect(machine.handle(.ticked, now: at(hour)).polled != nil)
        _ = machine.handle(.failed(.http(500)), now: at(hour))
        #expect(machine.state.problems.map(\.code) == [.untrustedReply])
        #expect(machine.tickWhenDue(after: at(hour))?.actions.prepared != nil)
    }

    @Test(arguments: [ExchangeTrouble.lost, .http(500), .http(404), .html])
    func `A server that cannot even be discovered has not been asked`(trouble: ExchangeTrouble) {
        var machine = lost(.singleUse)
        var now = at(0)
        for _ in 0..<10 {
            guard let next = machine.tickWhenDue(after: now) else { break }
            now = next.at
            #expect(next.actions.polled?.id == "T1")
            _ = machine.handle(.failed(trouble.beforePoll), now: now)
            #expect(machine.state.problems.map(\.code) == [trouble.code])
        }
        _ = machine.tickWhenDue(after: now)
        #expect(machine.handle(.issued(.test()), now: now).first == .publish(generation: 1))
    }

    @Test func `What says nothing else about the poll stays as it is`() {
        for trouble in [ExchangeTrouble.fullDisk, .http(429), .http(503, retryAfter: 5)] {
            #expect(trouble.beforePoll == trouble)
        }
    }

    @Test func `A reply that could not be stored is asked for again until it can`() {
        var machine = lost(.singleUse, .fullDisk)
        var now = at(0)
        for _ in 0..<5 {
            guard let next = machine.tickWhenDue(after: now) else { break }
            now = next.at
            #expect(next.actions.polled != nil)
            _ = machine.handle(.failed(.fullDisk), now: now)
        }
        #expect(machine.state.problems.map(\.code) == [.storage])
        _ = machine.tickWhenDue(after: now)
        _ = machine.handle(.issued(.test()), now: now)
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `A request that cannot have arrived is made anew with its key, single-use or not`() {
        for rules in [EnrollmentRules.test(), .singleUse] {
            var machine = EnrollmentMachine(EnrollmentState(), rules)
            _ = machine.handle(.ticked, now: at(0))
            machine.sendRequest(now: at(0))
            #expect(machine.handle(.failed(.notConnected), now: at(0)) == [.wait(until: at(60))])
            #expect(machine.handle(.ticked, now: at(60)).prepared?.step == .preparing)
        }
    }

    @Test func `An overloaded server is not trusted with a single-use challenge twice`() {
        var single = lost(.singleUse, .http(503, retryAfter: 120))
        #expect(single.handle(.ticked, now: at(120)).polled != nil)
        var reusable = lost(.test(), .http(503, retryAfter: 120))
        #expect(reusable.handle(.ticked, now: at(120)).prepared != nil)
    }

    @Test(arguments: [EnrollmentRules.test(), .singleUse])
    func `A process that ended after sending asks after it, and sends nothing`(rules: EnrollmentRules) throws {
        var machine = EnrollmentMachine(EnrollmentState(), rules)
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        machine = EnrollmentMachine(try machine.state.afterRestart(), rules)
        #expect(machine.handle(.started(latest: nil, hasPending: true), now: at(5)).polled?.isRecovering == true)
        // Not even where that poll cannot connect.
        _ = machine.handle(.failed(.notConnected), now: at(5))
        #expect(machine.tickWhenDue(after: at(5))?.actions.polled != nil)
        // A refusal of the poll is no refusal of the rung.
        _ = machine.handle(.refused(.badCertId, text: nil), now: at(100))
        guard rules.singleUseChallenge else {
            return #expect(machine.tickWhenDue(after: at(100))?.actions.prepared != nil)
        }
        #expect(machine.tickWhenDue(after: at(100))?.actions.polled != nil)
        _ = machine.handle(.refused(.badCertId, text: nil), now: at(1000))
        #expect(machine.nextDue(now: at(1000)) == nil)
    }

    @Test func `A key that may stand in a certificate is discarded even if the process ended before it was`() throws {
        var machine = lost(.test())
        _ = machine.handle(.ticked, now: at(60))
        #expect(machine.handle(.refused(.badCertId, text: nil), now: at(60)).first == .discardPending)
        // The state was written, and pending/ is still there.
        machine = EnrollmentMachine(try machine.state.afterRestart())
        #expect(machine.handle(.started(latest: nil, hasPending: true), now: at(61)).first == .discardPending)
        _ = machine.tickWhenDue(after: at(61))
        machine.sendRequest(id: "T2", now: at(200))
        #expect(machine.state.transaction?.keyIsSpent == false)
        // A key of which nothing was sent is kept.
        var unsent = EnrollmentMachine(.test { $0.transaction = .test() })
        #expect(unsent.handle(.started(latest: nil, hasPending: true), now: at(0)).first?.isPrepare == true)
        // What belongs to no transaction goes.
        var enrolled = EnrollmentMachine(.enrolled())
        #expect(enrolled.handle(.started(latest: .test(), hasPending: true), now: at(0)).first == .discardPending)
    }

    @Test func `A refused single-use challenge is not shown again by itself`() {
        var machine = EnrollmentMachine(EnrollmentState(), .singleUse)
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        #expect(
            machine.handle(.refused(.badMessageCheck, text: nil), now: at(0)) == [.discardPending, .wait(until: nil)])
        #expect(machine.state.problems.map(\.code) == [.challengeRefused])
        #expect(machine.handle(.ordered(.enroll), now: at(1)).prepared != nil)
    }

    @Test func `A single-use challenge that enrolled a device is not shown again when its certificate ends`() {
        var machine = EnrollmentMachine(EnrollmentState(), .singleUse)
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.issued(.test()), now: at(0))
        _ = machine.handle(.published(1), now: at(0))
        #expect(machine.handle(.ticked, now: at(101 * day)) == [.wait(until: nil)])
        #expect(machine.state.problems.map(\.code) == [.expired, .challengeSpent])
    }

    @Test func `A refused order with a single-use challenge does not end the renewals of a good identity`() {
        var machine = EnrollmentMachine(.enrolled(), .singleUse)
        _ = machine.handle(.ordered(.enroll), now: at(day))
        machine.sendRequest(now: at(day))
        _ = machine.handle(.refused(.badMessageCheck, text: nil), now: at(day))
        #expect(machine.handle(.ticked, now: at(66 * day)).prepared?.kind == .renew)
    }
}

extension EnrollmentAction {
    fileprivate var isPrepare: Bool { [self].prepared != nil }
}
