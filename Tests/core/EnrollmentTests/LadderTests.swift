import Enrollment
import FoundationEssentials
import SCEP
import Testing

@Suite struct LadderTests {
    private let due = at(66 * day)

    private func renewing(_ rules: EnrollmentRules = .test()) -> EnrollmentMachine {
        var machine = EnrollmentMachine(.enrolled(), rules)
        _ = machine.handle(.ticked, now: due)
        return machine
    }

    @Test func `Authenticated refusals lead down all three rungs, at once, with one key`() {
        var machine = renewing()
        #expect(machine.state.transaction?.rung == .renewalReq)
        machine.sendRequest(id: "A", now: due)
        let second = Transaction.test(.renew, .signedPKCSReq, startedAt: due) {
            $0.attempt = 2
            $0.tried = [.renewalReq]
        }
        let end = EnrollmentAction.wait(until: at(100 * day))
        #expect(machine.handle(.refused(.badRequest, text: nil), now: due) == [.prepare(second), end])
        machine.sendRequest(id: "B", now: due)
        let third = Transaction.test(.renew, .challenge, startedAt: due) {
            $0.attempt = 3
            $0.tried = [.renewalReq, .signedPKCSReq]
        }
        #expect(machine.handle(.refused(.badMessageCheck, text: nil), now: due) == [.prepare(third), end])
        machine.sendRequest(id: "C", now: due)
        #expect(
            machine.handle(.refused(.badRequest, text: nil), now: due)
                == [.discardPending, .wait(until: due.addingTimeInterval(day))])
        #expect(machine.state.problems.map(\.code) == [.challengeRefused])
        #expect(machine.handle(.ticked, now: due.addingTimeInterval(day)).prepared?.rung == .renewalReq)
    }

    @Test(arguments: [400, 403, 404, 500, 502])
    func `An HTTP error leaves a rung`(status: Int) {
        var machine = renewing()
        machine.sendRequest(now: due)
        #expect(machine.handle(.failed(.http(status)), now: due).prepared?.rung == .signedPKCSReq)
        machine.sendRequest(now: due)
        #expect(machine.handle(.failed(.http(status)), now: due).prepared?.rung == .challenge)
        machine.sendRequest(now: due)
        let wait = status >= 500 ? minute : day
        #expect(
            machine.handle(.failed(.http(status)), now: due)
                == [.discardPending, .wait(until: due.addingTimeInterval(wait))])
        #expect(machine.handle(.ticked, now: due.addingTimeInterval(wait)).prepared?.rung == .renewalReq)
    }

    @Test func `A rung that is closed is left before anything was sent; with the last one it is tried again`() {
        var machine = renewing()
        let closed = ExchangeTrouble(.closed, code: .recipientUnsupported, detail: "no challenge")
        #expect(machine.state.transaction?.rung == .renewalReq)
        #expect(machine.handle(.failed(closed), now: due).prepared?.rung == .signedPKCSReq)
        #expect(machine.handle(.failed(closed), now: due).prepared?.rung == .challenge)
        #expect(machine.handle(.failed(closed), now: due).prepared == nil)
        #expect(machine.state.problems.map(\.code) == [.recipientUnsupported])
        #expect(machine.tickWhenDue(after: due)?.actions.prepared != nil)
    }

    @Test(arguments: [ExchangeTrouble.lost, .notConnected, .html, .forged, .fullDisk, .http(503, retryAfter: 60)])
    func `Nothing else leaves a rung`(trouble: ExchangeTrouble) {
        var machine = renewing()
        machine.sendRequest(now: due)
        _ = machine.handle(.failed(trouble), now: due)
        #expect(machine.state.transaction?.rung == .renewalReq)
        #expect(machine.state.transaction?.kind == .renew)
    }

    @Test func `PENDING leaves no rung, and neither does a refusal after it`() throws {
        var machine = renewing()
        machine.sendRequest(now: due)
        _ = machine.handle(.replyPending, now: due)
        #expect(machine.state.transaction?.rung == .renewalReq)
        _ = machine.handle(.ticked, now: due.addingTimeInterval(60))
        #expect(
            machine.handle(.refused(.badRequest, text: nil), now: due.addingTimeInterval(60))
                == [.discardPending, .wait(until: due.addingTimeInterval(60 + day))])
    }

    @Test func `A lost reply, asked after in vain, is followed by a request on the same rung`() {
        var machine = renewing()
        machine.sendRequest(now: due)
        _ = machine.handle(.refused(nil, text: nil), now: due)
        machine.sendRequest(now: due)
        _ = machine.handle(.failed(.lost), now: due)
        let poll = machine.tickWhenDue(after: due)
        #expect(poll?.actions.polled?.rung == .signedPKCSReq)
        _ = machine.handle(.refused(.badCertId, text: nil), now: due.addingTimeInterval(60))
        let again = machine.tickWhenDue(after: due.addingTimeInterval(60))
        #expect(again?.actions.prepared?.rung == .signedPKCSReq)
    }

    /// As where a server's program dies of a RenewalReq that it does not know.
    @Test(arguments: [ExchangeTrouble.http(500), .html, nil])
    func `What is lost twice on one rung, though the server answers, is followed by the next`(
        poll trouble: ExchangeTrouble?
    ) throws {
        var machine = renewing(.test { $0.hasChallenge = false })
        var now = due
        var rungs: [Rung] = []
        for _ in 0..<6 {
            rungs.append(try #require(machine.state.transaction).rung)
            machine.sendRequest(now: now)
            _ = machine.handle(.failed(.lost), now: now)
            while machine.state.transaction?.step == .sent {
                let poll = machine.tickWhenDue(after: now)
                now = try #require(poll?.at)
                #expect(poll?.actions.polled != nil)
                _ = machine.handle(trouble.map { .failed($0) } ?? .refused(.badCertId, text: nil), now: now)
            }
            let next = machine.tickWhenDue(after: now)
            now = try #require(next?.at)
            machine = EnrollmentMachine(try machine.state.afterRestart(), machine.rules)
            _ = machine.handle(.ticked, now: now)
        }
        #expect(
            rungs == [.renewalReq, .renewalReq, .signedPKCSReq, .signedPKCSReq, .renewalReq, .renewalReq])
    }

    @Test func `Where nobody answers the rung is not to blame`() throws {
        var machine = renewing()
        var now = due
        for _ in 0..<4 {
            #expect(machine.state.transaction?.rung == .renewalReq)
            machine.sendRequest(now: now)
            _ = machine.handle(.failed(.lost), now: now)
            while machine.state.transaction?.step == .sent {
                let poll = machine.tickWhenDue(after: now)
                now = try #require(poll?.at)
                _ = machine.handle(.failed(.lost), now: now)
            }
            let next = machine.tickWhenDue(after: now)
            now = try #require(next?.at)
        }
    }

    @Test func `What worked is remembered for its server, and tried first`() throws {
        var machine = renewing()
        machine.sendRequest(now: due)
        _ = machine.handle(.refused(nil, text: nil), now: due)
        machine.sendRequest(now: due)
        _ = machine.handle(.issued(.test(2, from: 66 * day)), now: due)
        _ = machine.handle(.published(2), now: due)
        #expect(machine.state.remembered == [firstServer: .signedPKCSReq])

        machine = EnrollmentMachine(try machine.state.afterRestart())
        let next = at(132 * day)
        #expect(machine.handle(.ticked, now: next).prepared?.rung == .signedPKCSReq)
        machine.sendRequest(now: next)
        #expect(machine.handle(.refused(nil, text: nil), now: next).prepared?.rung == .renewalReq)

        machine.rules.servers = [otherServer]
        machine.rules.profileDigest = "another"
        _ = machine.handle(.failed(.notConnected), now: next)
        let listed = EnrollmentEvent.observed(authority: ["a"], capabilities: ["renewal"], weaknesses: nil)
        #expect(machine.state.transaction?.server == otherServer)
        _ = machine.handle(listed, now: next)
        #expect(machine.state.transaction?.rung == .renewalReq)
    }

    @Test func `Rungs that cannot work are left out`() {
        for rules in [EnrollmentRules.singleUse, .test { $0.hasChallenge = false }] {
            var machine = renewing(rules)
            machine.sendRequest(now: due)
            #expect(machine.handle(.refused(nil, text: nil), now: due).prepared?.rung == .signedPKCSReq)
            machine.sendRequest(now: due)
            #expect(!machine.handle(.refused(nil, text: nil), now: due).startsExchange)
            #expect(machine.state.problems.map(\.code) == [.refused])
        }
    }

    private var signOnly: IdentityFacts {
        var identity = IdentityFacts.test()
        identity.isSignOnly = true
        return identity
    }

    /// What it signs is answered to it, and it could not open that.
    @Test(arguments: [true, false])
    func `An identity that nothing can be encrypted to is renewed as it was enrolled`(hasChallenge: Bool) throws {
        var machine = EnrollmentMachine(.enrolled(signOnly), .test { $0.hasChallenge = hasChallenge })
        #expect(machine.handle(.ticked, now: due).prepared == .test(.renew, .challenge, startedAt: due))
        machine.sendRequest(now: due)
        #expect(!machine.handle(.refused(.badRequest, text: nil), now: due).startsExchange)
        let later = due.addingTimeInterval(day)
        #expect(machine.handle(.ticked, now: later).prepared?.rung == .challenge)
        machine.sendRequest(now: later)
        _ = machine.handle(.issued(.test(2, from: 67 * day)), now: later)
        // The next identity has a choice, of which nothing is known.
        #expect(machine.state.remembered.isEmpty)
    }

    @Test func `A renewal that an older generation is to sign takes a rung that this one can`() throws {
        var machine = renewing()
        machine = EnrollmentMachine(try machine.state.afterRestart())
        var older = signOnly
        older.generation = 0
        #expect(
            machine.handle(.started(latest: older, hasPending: false), now: due).prepared?.rung == .challenge)
    }

    @Test func `Where that takes a challenge that is spent, people are told in time, and order it`() throws {
        var state = EnrollmentState.enrolled(signOnly)
        state.isChallengeSpent = true
        var machine = EnrollmentMachine(state, .singleUse)
        #expect(machine.handle(.ticked, now: at(day)) == [.wait(until: due)])
        #expect(machine.state.problems.isEmpty)
        #expect(machine.handle(.ticked, now: due) == [.wait(until: at(100 * day))])
        #expect(machine.state.problems.map(\.code) == [.challengeSpent])
        #expect(machine.handle(.ordered(.renew), now: due).prepared?.rung == .challenge)
        machine.sendRequest(now: due)
        _ = machine.handle(.issued(.test(2, from: 66 * day)), now: due)
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `An identity that ends while its renewal is refused is followed by an enrollment at once`() {
        var machine = renewing()
        machine.sendRequest(now: due)
        let after = at(100 * day + 1)
        let next = machine.handle(.refused(nil, text: nil), now: after).prepared
        #expect(next == .test(.enroll, .challenge, startedAt: after))
    }
}
