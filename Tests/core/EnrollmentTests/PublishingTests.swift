import Enrollment
import FoundationEssentials
import Testing

@Suite struct PublishingTests {
    private func issued() -> EnrollmentMachine {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.issued(.test()), now: at(0))
        return machine
    }

    @Test(arguments: [ProblemCode.installerUnreachable, .installRefused])
    func `A publication that fails is tried again, growing to hourly, and loses nothing`(code: ProblemCode) {
        var machine = issued()
        var now = at(0)
        var waits: [Double] = []
        for _ in 0..<8 {
            let actions = machine.handle(.publishFailed(code, detail: "x"), now: now)
            guard case .wait(let until?) = actions.last else { break }
            #expect(actions.count == 1)
            waits.append(until.timeIntervalSince(now))
            now = until
            #expect(machine.handle(.ticked, now: now).first == .publish(generation: 1))
        }
        #expect(waits == [60, 120, 240, 480, 960, 1920, 3600, 3600])
        #expect(machine.state.problems.map(\.code) == [code])
        #expect(machine.state.problems.map(\.since) == [at(0)])
        #expect(machine.handle(.published(1), now: now) == [.wait(until: at(66 * day))])
        #expect(machine.state.problems.isEmpty)
        #expect(machine.state.publishRetry == nil)
    }

    @Test func `People are told of the publication that runs or is tried again, not of the renewal behind it`() throws {
        var machine = issued()
        #expect(try #require(machine.nextStep(now: at(5))) == (.publish, at(5)))
        // What is under way is nothing to wait for.
        #expect(machine.nextDue(now: at(5)) == at(66 * day))
        _ = machine.handle(.publishFailed(.installRefused, detail: "x"), now: at(5))
        #expect(try #require(machine.nextStep(now: at(6))) == (.publish, at(65)))
        _ = machine.handle(.ticked, now: at(65))
        _ = machine.handle(.published(1), now: at(66))
        #expect(try #require(machine.nextStep(now: at(66))) == (.renew, at(66 * day)))
    }

    @Test func `What is named next is what falls due first`() throws {
        var machine = issued()
        _ = machine.handle(.published(1), now: at(0))
        _ = machine.handle(.ticked, now: at(66 * day))
        machine.sendRequest(now: at(66 * day))
        _ = machine.handle(.replyPending, now: at(66 * day))
        #expect(try #require(machine.nextStep(now: at(66 * day))) == (.poll, at(66 * day + 60)))
        // An identity that ended is not renewed.
        var ended = EnrollmentMachine(.enrolled())
        _ = ended.handle(.ordered(.renew), now: at(101 * day))
        _ = ended.handle(.failed(.notConnected), now: at(101 * day))
        #expect(try #require(ended.nextStep(now: at(101 * day))).step == .enroll)
    }

    @Test func `What a new process finds unpublished it publishes`() throws {
        let before = issued()
        var machine = EnrollmentMachine(try before.state.afterRestart())
        #expect(
            machine.handle(.started(latest: .test(), hasPending: false), now: at(9))
                == [.publish(generation: 1), .wait(until: at(66 * day))])
    }

    @Test func `The renewal does not wait for a publication that fails`() {
        var machine = issued()
        _ = machine.handle(.publishFailed(.installRefused, detail: "x"), now: at(0))
        let actions = machine.handle(.ticked, now: at(66 * day))
        #expect(actions.first == .publish(generation: 1))
        #expect(actions.prepared?.kind == .renew)
    }

    @Test func `A generation that came while another was published is published next`() {
        var machine = issued()
        _ = machine.handle(.ticked, now: at(66 * day))
        machine.sendRequest(now: at(66 * day))
        #expect(machine.handle(.issued(.test(2, from: 66 * day)), now: at(66 * day)).count == 1)
        #expect(machine.handle(.published(1), now: at(66 * day)).first == .publish(generation: 2))
    }

    @Test func `What somebody altered is published again, and is a problem until then`() {
        var machine = EnrollmentMachine(.enrolled())
        #expect(machine.handle(.publicationAltered("gone"), now: at(9)).first == .publish(generation: 1))
        #expect(machine.state.problems == [Problem(.publicationAltered, since: at(9), detail: "gone")])
        // One publication at a time.
        #expect(machine.handle(.publicationAltered("gone"), now: at(9)).count == 1)
        _ = machine.handle(.publishFailed(.installRefused, detail: "x"), now: at(10))
        #expect(machine.state.problems.map(\.code) == [.publicationAltered, .installRefused])
        #expect(machine.handle(.ticked, now: at(70)).first == .publish(generation: 1))
        #expect(machine.handle(.published(1), now: at(71)) == [.wait(until: at(66 * day))])
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `A profile that is repaired publishes at once`() {
        var machine = issued()
        _ = machine.handle(.publishFailed(.installRefused, detail: "x"), now: at(0))
        #expect(machine.handle(.ticked, now: at(1)).count == 1)
        #expect(machine.handle(.repaired, now: at(1)).first == .publish(generation: 1))
    }

    @Test func `A changed profile publishes at once`() {
        var machine = issued()
        _ = machine.handle(.publishFailed(.installRefused, detail: "x"), now: at(0))
        machine.rules.profileDigest = "another"
        #expect(machine.handle(.ticked, now: at(1)).first == .publish(generation: 1))
    }
}
