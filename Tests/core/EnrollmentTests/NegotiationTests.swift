import Enrollment
import SCEP
import Testing

@Suite struct NegotiationTests {
    private let modern = ["aes", "postpkioperation", "renewal", "scepstandard", "sha-256"]
    private let due = at(66 * day)

    /// A machine at its renewal, whose server has listed `known` before.
    private func renewing(
        known: [String], _ rules: EnrollmentRules = .test(), remembered: Rung? = nil
    ) -> EnrollmentMachine {
        var state = EnrollmentState.enrolled()
        state.capabilities = [firstServer: known]
        state.remembered[firstServer] = remembered
        var machine = EnrollmentMachine(state, rules)
        _ = machine.handle(.ticked, now: due)
        return machine
    }

    /// - Parameter isAuthenticated: with a reply in the PKI's name.
    private func observe(
        _ capabilities: [String], _ machine: inout EnrollmentMachine, now: Double, isAuthenticated: Bool = true
    ) {
        _ = machine.handle(
            .observed(authority: ["a"], capabilities: capabilities, weaknesses: isAuthenticated ? [] : nil),
            now: at(now))
    }

    @Test func `A list without an algorithm that was on it is an alarm that stays, and the algorithm does, too`() throws
    {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        observe(modern, &machine, now: 0)
        #expect(machine.state.problems.isEmpty)
        _ = machine.handle(.failed(.http(500)), now: at(0))
        for later in [1 * hour, 2 * hour, 3 * hour] {
            _ = machine.handle(.ticked, now: at(later))
            observe(["des3", "postpkioperation", "renewal", "sha-1"], &machine, now: later)
            #expect(machine.state.problems.filter { $0.code == .capabilitiesLost }.count == 1)
            #expect(try #require(machine.state.capabilities[firstServer]).contains("sha-256"))
            _ = machine.handle(.failed(.http(500)), now: at(later))
        }
        #expect(try machine.state.afterRestart() == machine.state)
        let text = machine.state.problems.first { $0.code == .capabilitiesLost }?.text
        #expect(text?.contains("aes, scepstandard, sha-256") == true)
        machine.rules.profileDigest = "changed"
        _ = machine.handle(.ticked, now: at(4 * hour))
        #expect(!machine.state.has(.capabilitiesLost))
        observe(["des3", "sha-1"], &machine, now: 4 * hour)
        #expect(!machine.state.has(.capabilitiesLost))
        #expect(machine.state.capabilities == [firstServer: ["des3", "sha-1"]])
    }

    @Test func `What nobody vouched for is no floor, and no list is no shorter list`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        observe(["aes", "des3", "sha-256"], &machine, now: 0, isAuthenticated: false)
        #expect(machine.state.capabilities == [firstServer: ["des3"]])
        observe([], &machine, now: 0, isAuthenticated: false)
        #expect(machine.state.capabilities == [firstServer: ["des3"]])
        #expect(machine.state.problems.isEmpty)
        observe(["des3"], &machine, now: 0)
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `What a refusal vouches for is no floor: the server may know nothing of what it seems to list`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        let listed = ["aes", "des3", "sha-256"]
        _ = machine.handle(
            .observed(authority: ["a"], capabilities: listed, weaknesses: [], isRefusal: true), now: at(0))
        #expect(machine.state.capabilities == [firstServer: ["des3"]])
        _ = machine.handle(.observed(authority: ["a"], capabilities: listed, weaknesses: []), now: at(0))
        #expect(machine.state.capabilities == [firstServer: listed])
    }

    @Test func `An admin who has a machine enroll anew answers for another server`() {
        var machine = renewing(known: modern, remembered: .challenge)
        _ = machine.handle(.failed(.http(500)), now: due)
        _ = machine.handle(.ordered(.enroll), now: due)
        #expect(machine.state.capabilities.isEmpty && machine.state.remembered.isEmpty)
    }

    @Test func `A list that comes while a renewal is prepared has its first message be another, and none is left out`()
    {
        var machine = renewing(known: ["renewal"])
        #expect(machine.state.transaction?.rung == .renewalReq)
        observe(["aes", "postpkioperation"], &machine, now: 66 * day, isAuthenticated: false)
        for rung in [Rung.signedPKCSReq, .renewalReq, .challenge] {
            #expect(machine.state.transaction?.rung == rung)
            machine.sendRequest(now: due)
            _ = machine.handle(.refused(.badRequest, text: nil), now: due)
        }
        #expect(machine.state.transaction == nil)
    }

    @Test func `A list without another word is an alarm until the next transaction`() {
        var machine = renewing(known: modern)
        let less = modern.filter { $0 != "renewal" }
        observe(less, &machine, now: 66 * day)
        observe(less, &machine, now: 66 * day)
        #expect(machine.state.problems.map(\.code) == [.capabilitiesLost])
        machine.sendRequest(now: due)
        _ = machine.handle(.issued(.test(2, from: 66 * day)), now: due)
        #expect(machine.state.problems.map(\.code) == [.capabilitiesLost])
        _ = machine.handle(.ticked, now: at(140 * day))
        observe(less, &machine, now: 140 * day)
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `A next CA that root's files do not name is a warning until they do`() {
        var machine = renewing(known: modern)
        _ = machine.handle(.announced(unpinned: ["\"sha256:00\" ('CN=Next')"]), now: due)
        #expect(machine.state.problems.map(\.code) == [.nextCANotPinned])
        #expect(machine.state.problems.first?.detail.contains("sha256:00") == true)
        machine.sendRequest(now: due)
        _ = machine.handle(.issued(.test(2, from: 66 * day)), now: due)
        #expect(machine.state.problems.map(\.code) == [.nextCANotPinned])
        _ = machine.handle(.announced(unpinned: []), now: at(140 * day))
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `A server without RenewalReq is asked for it last but for the challenge`() {
        #expect(renewing(known: modern).state.transaction?.rung == .renewalReq)
        // Nothing is assumed of one that lists nothing (RFC 8894 §3.5.2), and what it lists has the last word.
        var silent = renewing(known: [])
        #expect(silent.state.transaction?.rung == .signedPKCSReq)
        observe(modern, &silent, now: 66 * day, isAuthenticated: false)
        #expect(silent.state.transaction?.rung == .renewalReq)
        var machine = renewing(known: ["des3", "postpkioperation", "sha-256"])
        for rung in [Rung.signedPKCSReq, .renewalReq, .challenge] {
            #expect(machine.state.transaction?.rung == rung)
            machine.sendRequest(now: due)
            _ = machine.handle(.refused(.badRequest, text: nil), now: due)
        }
        #expect(machine.state.transaction == nil)
    }

    @Test func `Root's word counts for more than capabilities, and what worked for more than root's word`() {
        let rules = EnrollmentRules.test { $0.firstRung = .signedPKCSReq }
        #expect(renewing(known: modern, rules).state.transaction?.rung == .signedPKCSReq)
        #expect(renewing(known: modern, rules, remembered: .challenge).state.transaction?.rung == .challenge)
        let single = EnrollmentRules.test {
            $0.firstRung = .challenge
            $0.singleUseChallenge = true
        }
        #expect(renewing(known: modern, single).state.transaction?.rung == .renewalReq)
    }
}
