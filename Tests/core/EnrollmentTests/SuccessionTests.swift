import Enrollment
import SCEP
import Testing

/// A certificate of the CA's successor waits for its time beside the one in use (RFC 8894 §5.1).
@Suite struct SuccessionTests {
    private let due = 66 * day
    private let takeover = 99 * day
    private var coming: IdentityFacts {
        IdentityFacts(
            generation: 2, notBefore: at(takeover), notAfter: at(takeover + 100 * day), usedFrom: at(takeover))
    }

    /// A machine whose renewal is for the successor, and was sent.
    private func asking(_ rules: EnrollmentRules = .test()) -> EnrollmentMachine {
        var machine = EnrollmentMachine(.enrolled(), rules)
        #expect(machine.handle(.ticked, now: at(due)).prepared?.succession == nil)
        _ = machine.handle(.prepared(id: "T2", challengeSent: false, isAhead: true), now: at(due))
        #expect(machine.state.transaction?.succession == .asked)
        return machine
    }

    private func waiting() -> EnrollmentMachine {
        var machine = asking()
        let actions = machine.handle(.issued(coming), now: at(due))
        #expect(actions == [.wait(until: at(takeover))])
        return machine
    }

    @Test func `It is used when its time comes, and nothing else is planned until then`() {
        var machine = waiting()
        #expect(machine.state.identity == .test() && machine.state.next == coming)
        #expect(machine.state.transaction == nil && machine.state.problems.isEmpty)
        #expect(machine.nextStep(now: at(due))?.step == .publish)
        #expect(machine.nextDue(now: at(due)) == at(takeover))
        #expect(machine.handle(.ticked, now: at(takeover - 1)) == [.wait(until: at(takeover))])
        #expect(machine.handle(.ticked, now: at(takeover)).first == .publish(generation: 2))
        #expect(machine.state.identity == coming && machine.state.next == nil)
        #expect(machine.state.obtainedAt == at(takeover))
        _ = machine.handle(.published(2), now: at(takeover))
        #expect(machine.nextStep(now: at(takeover))?.step == .renew)
    }

    @Test func `A file keeps it`() throws {
        let machine = waiting()
        #expect(try machine.state.afterRestart() == machine.state)
        let asked = asking()
        #expect(try asked.state.afterRestart() == asked.state)
    }

    @Test func `A clock that was ahead brings it too soon, and one that is right has the one before it back`() {
        for restarts in [false, true] {
            var machine = waiting()
            _ = machine.handle(.ticked, now: at(takeover))
            _ = machine.handle(.published(2), now: at(takeover))
            if restarts { machine = EnrollmentMachine(machine.state) }
            let event: EnrollmentEvent =
                restarts ? .started(latest: .test(), hasPending: false, next: coming) : .ticked
            let actions = machine.handle(event, now: at(due))
            #expect(actions.first == .publish(generation: 1))
            #expect(machine.state.identity == .test() && machine.state.next == coming)
            #expect(!machine.state.has(.keyLost))
            _ = machine.handle(.published(1), now: at(due))
            #expect(machine.handle(.ticked, now: at(takeover)).first == .publish(generation: 2))
        }
    }

    @Test func `A clock that is far behind takes nothing back, nor does one where the one before it has ended`() {
        for (end, now) in [(100 * day, -10 * day), (takeover - 2 * hour, takeover - hour)] {
            var state = waiting().state
            state.identity?.notAfter = at(end)
            var machine = EnrollmentMachine(state)
            _ = machine.handle(.ticked, now: at(takeover))
            _ = machine.handle(.published(2), now: at(takeover))
            let next = machine.state.next
            #expect(!machine.handle(.ticked, now: at(now)).contains(.publish(generation: 1)))
            #expect(machine.state.identity == coming && next == nil)
        }
    }

    @Test func `A changed profile has it asked for anew`() {
        var machine = waiting()
        machine.rules.profileDigest = "changed"
        let actions = machine.handle(.ticked, now: at(due + 10))
        #expect(machine.state.next == nil && actions.prepared?.kind == .renew)
        // What still lies there is nobody's.
        #expect(!machine.state.expects(coming, hasPending: false, now: at(due + 10)))
    }

    @Test func `A profile that has changed when its time comes has it asked for anew, too`() {
        var rules = EnrollmentRules.test()
        rules.profileDigest = "changed"
        var machine = EnrollmentMachine(waiting().state, rules)
        let actions = machine.handle(.started(latest: coming, hasPending: false), now: at(takeover))
        #expect(machine.state.identity == .test() && machine.state.next == nil)
        #expect(actions.prepared?.kind == .renew)
    }

    @Test func `A clock that was ahead while it was published has the one before it published again`() {
        var machine = waiting()
        #expect(machine.handle(.ticked, now: at(takeover)).first == .publish(generation: 2))
        _ = machine.handle(.ticked, now: at(due))
        #expect(machine.handle(.published(2), now: at(due)).first == .publish(generation: 1))
    }

    @Test func `Where the one before it is gone, it is waited for`() {
        var machine = waiting()
        _ = machine.handle(.ticked, now: at(takeover))
        _ = machine.handle(.published(2), now: at(takeover))
        var next = EnrollmentMachine(machine.state)
        let actions = next.handle(.started(latest: nil, hasPending: false, next: coming), now: at(due))
        #expect(next.state.identity == coming && !next.state.has(.keyLost) && !actions.startsExchange)
    }

    @Test func `What was used stays of use, what was forgotten is not`() {
        let state = EnrollmentState.enrolled(.test(3, from: takeover))
        var old = coming
        #expect(state.expects(old, hasPending: false, now: at(takeover)))
        #expect(!state.expects(old, hasPending: false, now: at(due)))
        old.generation = 4
        #expect(!state.expects(old, hasPending: false, now: at(takeover)))
    }

    @Test func `Its time comes while no process runs, and what else is under way goes on`() {
        var machine = waiting()
        _ = machine.handle(.ordered(.renew), now: at(due + 10))
        machine.sendRequest(now: at(due + 10))
        _ = machine.handle(.replyPending, now: at(due + 10))
        var next = EnrollmentMachine(machine.state)
        _ = next.handle(.started(latest: coming, hasPending: true), now: at(takeover))
        #expect(next.state.identity == coming && next.state.transaction?.step == .pending)
    }

    @Test func `Where there is a while between the two no challenge is sent`() {
        var machine = asking()
        var late = coming
        late.usedFrom = at(101 * day)
        _ = machine.handle(.issued(late), now: at(due))
        let actions = machine.handle(.ticked, now: at(100 * day))
        #expect(actions == [.wait(until: at(101 * day))])
        #expect(machine.state.has(.expired))
        #expect(machine.handle(.ticked, now: at(101 * day)).first == .publish(generation: 2))
        #expect(!machine.state.has(.expired))
    }

    @Test func `A server that refuses it is asked for the present CA's in the same transaction`() {
        for refusal in [
            EnrollmentEvent.refused(.badMessageCheck, text: nil), .refused(.badTime, text: nil), .failed(.http(500)),
        ] {
            var machine = asking()
            let again = machine.handle(refusal, now: at(due)).prepared
            #expect(again?.succession == .refused && again?.rung == .renewalReq && again?.attempt == 2)
            _ = machine.handle(.prepared(id: "T3", challengeSent: false), now: at(due))
            // And then down the ladder.
            let next = machine.handle(.failed(.http(500)), now: at(due)).prepared
            #expect(next?.rung == .signedPKCSReq && next?.succession == .refused)
        }
    }

    @Test func `So does one that says so after a while, or never says anything`() {
        var pending = asking()
        _ = pending.handle(.replyPending, now: at(due))
        _ = pending.handle(.ticked, now: at(due + 60))
        #expect(pending.handle(.refused(.badRequest, text: nil), now: at(due + 60)).prepared?.succession == .refused)
        var silent = asking()
        var now = at(due)
        for _ in 0..<3 {
            _ = silent.handle(.failed(.lost), now: now)
            now = silent.tickWhenDue(after: now)?.at ?? now
        }
        #expect(silent.state.transaction?.succession == .refused)
    }

    @Test func `What it issued and is of no use has the present CA asked, with another key`() {
        var machine = asking()
        let actions = machine.handle(.failed(.unfit), now: at(due))
        #expect(actions.first == .discardPending)
        #expect(actions.prepared?.succession == .refused && actions.prepared?.keyIsSpent == true)
    }

    @Test func `Who orders a renewal gets one to use now`() {
        var pending = asking()
        _ = pending.handle(.replyPending, now: at(due))
        let ordered = pending.handle(.ordered(.renew), now: at(due + 10))
        #expect(ordered.first == .discardPending)
        #expect(ordered.prepared?.isOrdered == true && ordered.prepared?.succession == nil)
        var machine = waiting()
        #expect(machine.handle(.ordered(.renew), now: at(due + 10)).prepared?.kind == .renew)
        machine.sendRequest(now: at(due + 10))
        _ = machine.handle(.issued(.test(3, from: due)), now: at(due + 10))
        // It is newer, and what waited is had once more in its time.
        #expect(machine.state.identity?.generation == 3 && machine.state.next == nil)
    }

    @Test func `A new process finds it on the disk, or not`() {
        let state = waiting().state
        var found = EnrollmentMachine(state)
        #expect(
            found.handle(.started(latest: .test(), hasPending: false, next: coming), now: at(70 * day))
                == [.wait(until: at(takeover))])
        var gone = EnrollmentMachine(state)
        #expect(gone.handle(.started(latest: .test(), hasPending: false), now: at(70 * day)).prepared?.kind == .renew)
        // The rename was the commit, and the state was not saved.
        var renamed = EnrollmentMachine(asking().state)
        #expect(
            renamed.handle(.started(latest: .test(), hasPending: false, next: coming), now: at(70 * day))
                == [.wait(until: at(takeover))])
        #expect(renamed.state.next == coming && renamed.state.transaction == nil)
    }

    @Test func `A copy of the disk waits for nothing that is another machine's`() {
        var state = waiting().state
        state.disown(2, of: "d1", now: at(70 * day))
        #expect(state.next == nil && !state.expects(coming, hasPending: false, now: at(takeover)))
        // So that this is what its process finds.
        var machine = EnrollmentMachine(state)
        let actions = machine.handle(.started(latest: .test(), hasPending: false), now: at(takeover))
        #expect(machine.state.next == nil && machine.state.identity == .test())
        #expect(!actions.contains(.publish(generation: 2)))
    }
}
