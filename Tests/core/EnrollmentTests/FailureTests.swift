import Enrollment
import FoundationEssentials
import SCEP
import Testing

/// Each sort of failure: when it is tried again, and what people are told.
@Suite struct FailureTests {
    /// The waits between tries when all of them end in the same way.
    private func waits(_ trouble: ExchangeTrouble, tries: Int, rules: EnrollmentRules = .test()) -> [Double] {
        var machine = EnrollmentMachine(EnrollmentState(), rules)
        var now = at(0)
        var waits: [Double] = []
        var actions = machine.handle(.ticked, now: now)
        for _ in 0..<tries {
            while actions.startsExchange { actions = machine.handle(.failed(trouble), now: now) }
            guard let due = machine.nextDue(now: now) else { break }
            #expect(actions == [.wait(until: due)])
            #expect(machine.handle(.ticked, now: due.addingTimeInterval(-1)) == [.wait(until: due)])
            waits.append(due.timeIntervalSince(now))
            now = due
            actions = machine.handle(.ticked, now: now)
        }
        #expect(machine.state.problems.map(\.code) == [trouble.code])
        return waits
    }

    @Test func `Unreachable: from a minute, growing to hourly`() {
        let expected: [Double] = [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
        #expect(waits(.notConnected, tries: 9) == expected)
        #expect(waits(.lost, tries: 9) == expected)
        #expect(waits(.http(503), tries: 9) == expected)
    }

    @Test func `Overloaded: as long as the server asks, within a minute and a day`() {
        #expect(waits(.http(503, retryAfter: 700), tries: 3) == [700, 700, 700])
        #expect(waits(.http(429), tries: 2) == [300, 300])
        #expect(waits(.http(429, retryAfter: 0), tries: 1) == [60])
        #expect(waits(.http(503, retryAfter: 1_000_000_000), tries: 1) == [86_400])
    }

    @Test func `Refused by HTTP: a day`() {
        #expect(waits(.http(403), tries: 3) == [86_400, 86_400, 86_400])
    }

    @Test func `A certificate that is of no use: a day, since each request has the PKI issue one more`() {
        var machine = EnrollmentMachine(EnrollmentState(), .test())
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        #expect(machine.handle(.failed(.unfit), now: at(1)) == [.discardPending, .wait(until: at(1 + day))])
        #expect(machine.state.problems.map(\.code) == [.unfitCertificate])
        #expect(machine.handle(.ticked, now: at(1 + day)).prepared != nil)
        machine.sendRequest(now: at(1 + day))
        #expect(machine.handle(.failed(.unfit), now: at(1 + day)) == [.discardPending, .wait(until: at(1 + 2 * day))])
    }

    @Test func `A single-use challenge that brought no use is not sent again`() {
        var machine = EnrollmentMachine(EnrollmentState(), .singleUse)
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        #expect(machine.handle(.failed(.unfit), now: at(1)) == [.discardPending, .wait(until: nil)])
        #expect(machine.state.problems.map(\.code) == [.unfitCertificate])
        #expect(machine.handle(.ordered(.enroll), now: at(2)).prepared != nil)
    }

    @Test func `Untrusted: hourly`() {
        #expect(waits(.html, tries: 3) == [3600, 3600, 3600])
        #expect(
            waits(ExchangeTrouble(.untrusted, code: .wrongCA, detail: "x"), tries: 2) == [3600, 3600])
    }

    @Test func `Local trouble: from a minute, growing to hourly`() {
        #expect(waits(.fullDisk, tries: 8) == [60, 120, 240, 480, 960, 1920, 3600, 3600])
        let challenge = ExchangeTrouble(.local, code: .challengeUnavailable, detail: "no such file")
        #expect(waits(challenge, tries: 2) == [60, 120])
    }

    @Test(arguments: [
        ProblemCode.storage, .challengeUnavailable, .subjectUnavailable, .profileInvalid, .cryptography,
    ])
    func `Local trouble is no problem any more once there is a certificate`(code: ProblemCode) {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(ExchangeTrouble(.local, code: code, detail: "what was missing")), now: at(0))
        #expect(machine.state.problems.map(\.code) == [code])
        #expect(machine.handle(.ticked, now: at(60)).startsExchange)
        machine.sendRequest(now: at(60))
        _ = machine.handle(.issued(.test()), now: at(61))
        #expect(machine.state.problems == [])
    }

    @Test func `A new process looks for a missing challenge at once`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(ExchangeTrouble(.local, code: .challengeUnavailable, detail: "none")), now: at(1))
        #expect(machine.handle(.ticked, now: at(2)).prepared == nil)
        var next = EnrollmentMachine(state: machine.state, rules: machine.rules)
        #expect(next.handle(.started(latest: nil, hasPending: false), now: at(3)).prepared != nil)
        // How often it was in vain counts on: a login that is shown again and again is locked.
        _ = next.handle(.failed(ExchangeTrouble(.local, code: .challengeUnavailable, detail: "none")), now: at(3))
        #expect(next.state.retry?.count == 2)
        // Any other trouble keeps its time over a start.
        var state = machine.state
        state.problems = [Problem(.storage, since: at(1), detail: "full")]
        var other = EnrollmentMachine(state: state, rules: machine.rules)
        #expect(other.handle(.started(latest: nil, hasPending: false), now: at(3)).prepared == nil)
    }

    @Test func `The fleet's waits differ by a fifth`() {
        #expect(waits(.notConnected, tries: 1, rules: .test { $0.fraction = 0.5 }) == [66])
    }

    @Test func `Refused by a FAILURE: a day, with the server's own words`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        #expect(
            machine.handle(.refused(.badRequest, text: "unknown device"), now: at(1))
                == [.discardPending, .wait(until: at(1 + day))])
        #expect(
            machine.state.problems == [
                Problem(.challengeRefused, since: at(1), detail: "badRequest: unknown device")
            ])
        #expect(machine.handle(.ticked, now: at(1 + day)).prepared == .test(startedAt: at(1 + day)))
    }

    @Test func `A request without a challenge is not said to be refused for it`() {
        var machine = EnrollmentMachine(EnrollmentState(), .test { $0.hasChallenge = false })
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.refused(nil, text: nil), now: at(1))
        #expect(machine.state.problems == [Problem(.refused, since: at(1), detail: "no failInfo")])
    }

    @Test func `A changed profile is tried at once`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.refused(.badRequest, text: nil), now: at(1))
        #expect(!machine.handle(.ticked, now: at(60)).startsExchange)
        machine.rules.profileDigest = "another"
        #expect(machine.handle(.ticked, now: at(61)).prepared == .test(startedAt: at(61)))
    }

    @Test func `A wrong clock is tried again within minutes, and on no other rung`() {
        var machine = EnrollmentMachine(.enrolled())
        _ = machine.handle(.ticked, now: at(66 * day))
        machine.sendRequest(now: at(66 * day))
        #expect(
            machine.handle(.refused(.badTime, text: nil), now: at(66 * day))
                == [.discardPending, .wait(until: at(66 * day + 60))])
        #expect(machine.state.problems.map(\.code) == [.clockRefused])
        #expect(machine.handle(.ticked, now: at(66 * day + 60)).prepared?.rung == .renewalReq)
    }

    @Test func `Since stays with the first failure, and success clears the problem`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(.notConnected), now: at(1))
        _ = machine.handle(.ticked, now: at(61))
        _ = machine.handle(.failed(.notConnected), now: at(62))
        #expect(machine.state.problems.map(\.since) == [at(1)])
        _ = machine.handle(.ticked, now: at(200))
        machine.sendRequest(now: at(200))
        _ = machine.handle(.issued(.test()), now: at(201))
        #expect(machine.state.problems.isEmpty)
        #expect(machine.state.retry == nil)
    }

    @Test func `No wait goes past the end of the certificate`() {
        for trouble in [ExchangeTrouble.http(403), .http(503, retryAfter: 80_000), .html, .notConnected] {
            var machine = EnrollmentMachine(.enrolled(.test(lifetime: hour)))
            var now = at(0.66 * hour)
            var actions = machine.handle(.ticked, now: now)
            while now < at(hour) {
                while actions.startsExchange { actions = machine.handle(.failed(trouble), now: now) }
                guard case .wait(let until?) = actions.last else {
                    Issue.record("no wait at \(now)")
                    break
                }
                #expect(until <= at(hour))
                #expect(until > now)
                now = until
                actions = machine.handle(.ticked, now: now)
            }
            // Then the challenge is what is left, and it is tried at once.
            #expect(machine.state.problems.contains { $0.code == .expired })
            #expect(actions.prepared?.kind == .enroll)
        }
    }

    @Test func `A retry that a wrong clock put years ahead is due now`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(3650 * day))
        _ = machine.handle(.failed(.notConnected), now: at(3650 * day))
        #expect(machine.handle(.ticked, now: at(0)).startsExchange)
    }
}
