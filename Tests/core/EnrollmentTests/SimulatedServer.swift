import Enrollment
import FoundationEssentials
import SCEP

/// A PKI that knows CertPoll, keeps what it issued, and counts what it was shown.
struct SimulatedServer {
    enum Answer {
        case none
        case pending
        case refused(FailInfo)
        case issued(IdentityFacts)
    }

    let lifetime: Double
    /// When it does not answer.
    let outages: [Range<Date>]
    /// Replies to requests that are lost on their way, counted down.
    private var repliesToLose: Int
    /// How long approval takes.
    let approval: Double
    /// The challenge is taken once.
    let challengeIsSingleUse: Bool
    /// From when on the CA's successor issues, where there is one.
    let successorBegins: Date?
    private(set) var challengesSeen = 0
    private(set) var issued = 0
    private(set) var keysIssuedTo: [Int] = []
    private var requests: [String: (key: Int, approvedAt: Date, isAhead: Bool, identity: IdentityFacts?)] = [:]
    private var counter = 0

    init(
        lifetime: Double = 100 * day, outages: [Range<Date>] = [], repliesToLose: Int = 0, approval: Double = 0,
        challengeIsSingleUse: Bool = false, successorBegins: Date? = nil
    ) {
        self.lifetime = lifetime
        self.outages = outages
        self.repliesToLose = repliesToLose
        self.approval = approval
        self.challengeIsSingleUse = challengeIsSingleUse
        self.successorBegins = successorBegins
    }

    func isUp(_ now: Date) -> Bool { !outages.contains { $0.contains(now) } }

    mutating func newID() -> String {
        counter += 1
        return "T\(counter)"
    }

    mutating func newKey() -> Int {
        counter += 1
        return counter
    }

    mutating func receive(_ id: String, key: Int, showsChallenge: Bool, isAhead: Bool, now: Date) -> Answer {
        guard isUp(now) else { return .none }
        if showsChallenge {
            challengesSeen += 1
            if challengeIsSingleUse, challengesSeen > 1 { return .refused(.badMessageCheck) }
        }
        requests[id] = (key, now.addingTimeInterval(approval), isAhead, nil)
        let answer = decide(id, now: now)
        guard repliesToLose == 0 else {
            repliesToLose -= 1
            return .none
        }
        return answer
    }

    mutating func poll(_ id: String, now: Date) -> Answer {
        guard isUp(now) else { return .none }
        guard requests[id] != nil else { return .refused(.badCertId) }
        return decide(id, now: now)
    }

    private mutating func decide(_ id: String, now: Date) -> Answer {
        guard var request = requests[id] else { return .refused(.badCertId) }
        guard request.approvedAt <= now else { return .pending }
        let begin = request.isAhead ? successorBegins.map { max($0, now) } ?? now : now
        let identity =
            request.identity
            ?? IdentityFacts(
                generation: 0, notBefore: begin, notAfter: begin.addingTimeInterval(lifetime),
                usedFrom: request.isAhead ? begin : nil)
        if request.identity == nil {
            issued += 1
            keysIssuedTo.append(request.key)
            request.identity = identity
            requests[id] = request
        }
        return .issued(identity)
    }
}
