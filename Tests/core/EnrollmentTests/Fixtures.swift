import Enrollment
import FoundationEssentials

let minute = 60.0
let hour = 3600.0
let day = 86_400.0

/// Virtual time: seconds since the transcript began.
func at(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_800_000_000 + seconds) }

let firstServer = "https://pki.example/scep"
let otherServer = "https://spare.example/scep"

extension EnrollmentRules {
    /// One server, a reusable challenge, the first place in the fleet: waits are then as long as the table says.
    static func test(_ change: (inout EnrollmentRules) -> Void = { _ in }) -> EnrollmentRules {
        var rules = EnrollmentRules(
            servers: [firstServer], renewAt: 0.66, spread: 0.1, fraction: 0, hasChallenge: true,
            singleUseChallenge: false, enrollsAfterRevocation: false, profileDigest: "profile")
        change(&rules)
        return rules
    }

    static let singleUse = EnrollmentRules.test { $0.singleUseChallenge = true }
}

extension IdentityFacts {
    /// A certificate of 100 days that begins with the transcript, and is due for renewal at day 66.
    static func test(_ generation: Int = 1, from: Double = 0, lifetime: Double = 100 * day) -> IdentityFacts {
        IdentityFacts(generation: generation, notBefore: at(from), notAfter: at(from + lifetime))
    }
}

extension EnrollmentState {
    static func test(_ change: (inout EnrollmentState) -> Void = { _ in }) -> EnrollmentState {
        var state = EnrollmentState()
        change(&state)
        return state
    }

    /// Enrolled and published.
    static func enrolled(_ identity: IdentityFacts = .test()) -> EnrollmentState {
        .test {
            $0.identity = identity
            $0.obtainedAt = identity.notBefore
            $0.published = identity.generation
            $0.profileDigest = "profile"
            $0.capabilities = [firstServer: ["renewal"]]
        }
    }

    /// As a new process reads it.
    func afterRestart() throws -> EnrollmentState {
        try JSONDecoder().decode(EnrollmentState.self, from: try JSONEncoder().encode(self))
    }
}

extension EnrollmentMachine {
    init(_ state: EnrollmentState = EnrollmentState(), _ rules: EnrollmentRules = .test()) {
        self.init(state: state, rules: rules)
    }

    /// Brings the transaction to where its request is sent.
    mutating func sendRequest(id: String = "T1", challenge: Bool? = nil, now: Date) {
        let showsChallenge = state.transaction?.rung == .challenge && rules.hasChallenge
        _ = handle(.prepared(id: id, challengeSent: challenge ?? showsChallenge), now: now)
    }

    /// What the machine does next, after the time it named itself; nil where it names none.
    mutating func tickWhenDue(after now: Date) -> (at: Date, actions: [EnrollmentAction])? {
        guard let due = nextDue(now: now) else { return nil }
        return (due, handle(.ticked, now: due))
    }
}

extension Transaction {
    static func test(
        _ kind: Transaction.Kind = .enroll, _ rung: Rung = .challenge, step: Transaction.Step = .preparing,
        startedAt: Date = at(0), _ change: (inout Transaction) -> Void = { _ in }
    ) -> Transaction {
        var transaction = Transaction(kind: kind, rung: rung, server: firstServer, step: step, startedAt: startedAt)
        change(&transaction)
        return transaction
    }
}

extension ExchangeTrouble {
    static let lost = ExchangeTrouble(
        .noAnswer(requestMayHaveArrived: true), code: .unreachable, detail: "timed out")
    static let notConnected = ExchangeTrouble(
        .noAnswer(requestMayHaveArrived: false), code: .unreachable, detail: "connection refused")
    static let html = ExchangeTrouble(.untrusted, code: .notSCEP, detail: "an HTML page")
    static let forged = ExchangeTrouble(.untrusted, code: .untrustedReply, detail: "another signer")
    static let unfit = ExchangeTrouble(.unfit, code: .unfitCertificate, detail: "for servers")
    static let fullDisk = ExchangeTrouble(.local, code: .storage, detail: "no space left")

    static func http(_ status: Int, retryAfter: Int? = nil) -> ExchangeTrouble {
        ExchangeTrouble(
            .httpStatus(status, retryAfter: retryAfter), code: status >= 500 ? .unreachable : .refused,
            detail: "HTTP status \(status)")
    }
}

extension [EnrollmentAction] {
    var prepared: Transaction? {
        for case .prepare(let transaction) in self { return transaction }
        return nil
    }
    var polled: Transaction? {
        for case .poll(let transaction) in self { return transaction }
        return nil
    }
    var startsExchange: Bool { prepared != nil || polled != nil }
}
