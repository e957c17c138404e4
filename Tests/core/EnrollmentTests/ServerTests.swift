import Enrollment
import Testing

@Suite struct ServerTests {
    private let two = EnrollmentRules.test { $0.servers = [firstServer, otherServer] }

    @Test(arguments: [ExchangeTrouble.notConnected, .http(500), .http(404), .html, .http(503, retryAfter: 9000)])
    func `Before anything is sent the next server is asked at once, and then the first again`(
        trouble: ExchangeTrouble
    ) {
        var machine = EnrollmentMachine(EnrollmentState(), two)
        #expect(machine.handle(.ticked, now: at(0)).prepared?.server == firstServer)
        #expect(machine.handle(.failed(trouble), now: at(0)).prepared?.server == otherServer)
        #expect(!machine.handle(.failed(trouble), now: at(0)).startsExchange)
        #expect(machine.tickWhenDue(after: at(0))?.actions.prepared?.server == firstServer)
    }

    @Test func `This machine's own trouble is no reason to ask another server`() {
        var machine = EnrollmentMachine(EnrollmentState(), two)
        _ = machine.handle(.ticked, now: at(0))
        #expect(!machine.handle(.failed(.fullDisk), now: at(0)).startsExchange)
    }

    @Test func `A transaction keeps to the server that its request went to`() {
        var machine = EnrollmentMachine(EnrollmentState(), two)
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(.failed(.notConnected), now: at(0))
        machine.sendRequest(now: at(0))
        _ = machine.handle(.failed(.lost), now: at(1))
        #expect(machine.tickWhenDue(after: at(1))?.actions.polled?.server == otherServer)
        _ = machine.handle(.replyPending, now: at(100))
        #expect(machine.tickWhenDue(after: at(100))?.actions.polled?.server == otherServer)
    }

    @Test func `Each server has its own rung`() {
        var state = EnrollmentState.enrolled()
        state.remembered = [firstServer: .challenge, otherServer: .signedPKCSReq]
        var machine = EnrollmentMachine(state, two)
        #expect(machine.handle(.ticked, now: at(66 * day)).prepared?.rung == .challenge)
        #expect(machine.handle(.failed(.notConnected), now: at(66 * day)).prepared?.rung == .signedPKCSReq)
        _ = machine.handle(.failed(.notConnected), now: at(66 * day))
        #expect(machine.state.transaction?.server == firstServer)
        #expect(machine.state.transaction?.rung == .challenge)
    }

    @Test func `A changed authority is an alarm that outlives its transaction`() {
        var state = EnrollmentState.enrolled()
        state.authorities = [firstServer: ["old"]]
        var machine = EnrollmentMachine(state)
        let due = at(66 * day)
        _ = machine.handle(.ticked, now: due)
        _ = machine.handle(.observed(authority: ["new"], capabilities: [], weaknesses: nil), now: due)
        machine.sendRequest(now: due)
        _ = machine.handle(.observed(authority: ["new"], capabilities: [], weaknesses: []), now: due)
        #expect(machine.state.problems.map(\.code) == [.raChanged])
        #expect(machine.state.problems.first?.detail.contains("new") == true)
        _ = machine.handle(.issued(.test(2, from: 66 * day)), now: due)
        #expect(machine.state.problems.map(\.code) == [.raChanged])

        let next = at(140 * day)
        _ = machine.handle(.ticked, now: next)
        _ = machine.handle(.observed(authority: ["new"], capabilities: [], weaknesses: nil), now: next)
        #expect(machine.state.problems.isEmpty)
    }

    @Test func `A weak server is a warning until it is no more`() {
        var machine = EnrollmentMachine()
        _ = machine.handle(.ticked, now: at(0))
        _ = machine.handle(
            .observed(authority: ["a"], capabilities: [], weaknesses: ["signs replies with SHA-1"]), now: at(0))
        #expect(
            machine.state.problems.map(\.text) == [
                "the server uses outdated cryptography: it signs replies with SHA-1"
            ])
        _ = machine.handle(.observed(authority: ["a"], capabilities: [], weaknesses: nil), now: at(0))
        #expect(machine.state.problems.count == 1)
        _ = machine.handle(.observed(authority: ["a"], capabilities: [], weaknesses: []), now: at(0))
        #expect(machine.state.problems.isEmpty)
    }
}
