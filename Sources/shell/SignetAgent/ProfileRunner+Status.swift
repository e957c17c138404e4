import ControlProtocol
import DeviceTag
import Enrollment
import FoundationEssentials
import Profiles
import SCEP
import X509

extension ProfileRunner {
    /// The profile's part of the status document.
    func status() -> StatusDocument.Profile {
        let state = document.state
        var problems = state.problems
        if let unsaved { problems.append(unsaved.problem) }
        return StatusDocument.Profile(
            name: name.description, state: summary, identity: generation.map(identityStatus),
            nextIdentity: waiting.map(identityStatus), published: state.published,
            transaction: state.transaction.map { transaction in
                StatusDocument.Transaction(
                    id: transaction.id ?? "", kind: transaction.kind.rawValue,
                    step: machine.isBusy ? step ?? transaction.step.rawValue : transaction.step.rawValue,
                    attempt: transaction.attempt)
            }, next: next, tag: tagStatus(), problems: problems.map(StatusDocument.Problem.init))
    }

    /// Whether the process must stay for this profile: something runs, or falls due before `until`.
    func isNeeded(until: Date) -> Bool {
        if machine.isBusy || judging != nil || queued != nil || !orders.isEmpty { return true }
        if unsaved != nil || unkept != nil { return true }
        guard !awaitsCredential, let due = machine.nextDue(now: ports.now()) else { return false }
        return due < until
    }

    /// Only another challenge helps, and it is a credential: systemd hands those over when it starts a process, so that
    /// this one will not see it, however long it waits.
    var awaitsCredential: Bool {
        guard case .credential = profile.scep.challenge?.location else { return false }
        return document.state.problems.contains { ProblemCode.ofChallenges.contains($0.code) }
    }

    func tagStatus() -> StatusDocument.Tag {
        let verdict = verdict ?? TagVerdict(value: valueToldLast, validUntil: nil, checks: [])
        return StatusDocument.Tag(
            value: verdict.value.rawValue, since: Timestamp(document.state.tag?.since ?? ports.now()),
            validUntil: verdict.validUntil.map { Timestamp($0) },
            checks: verdict.checks.map { check in
                StatusDocument.Check(
                    id: check.id.rawValue,
                    result: StatusDocument.Check.Result(rawValue: check.result.rawValue) ?? .unknown,
                    hard: check.hard, text: check.text, remedy: check.remedy)
            })
    }

    /// Until this process has judged, what was told last is so: who starts the agent by asking, or reads the status file
    /// while it starts, is not told `none`. Only the clock is looked at.
    private var valueToldLast: TagValue {
        guard let value = document.state.tag.flatMap({ TagValue(rawValue: $0.value) }) else { return .none }
        guard value == .valid, let identity = document.state.identity else { return value }
        return ports.now() < identity.notAfter ? value : .expired
    }

    private var summary: StatusDocument.Profile.State {
        let state = document.state
        let isTrying = machine.isBusy || state.retry == nil
        if let identity = state.identity, ports.now() < identity.notAfter, !state.isRevoked, !state.isForeign {
            guard let transaction = state.transaction, isTrying else { return .active }
            if transaction.step == .pending { return .pending }
            return transaction.kind == .renew ? .renewing : .requesting
        }
        guard let transaction = state.transaction else {
            return state.isChallengeSpent || state.retry != nil || state.identity != nil ? .failed : .none
        }
        if transaction.step == .pending { return .pending }
        return isTrying ? .requesting : .failed
    }

    private func identityStatus(_ generation: Generation) -> StatusDocument.Identity {
        let certificate = generation.certificate
        return StatusDocument.Identity(
            generation: generation.number, subject: "\(certificate.subject)", issuer: "\(certificate.issuer)",
            serial: certificate.serialHex.lowercased(),
            sha256: Hexadecimal.string(ports.cryptography.sha256(certificate.der)).lowercased(),
            notBefore: Timestamp(certificate.notBefore), notAfter: Timestamp(certificate.notAfter),
            key: certificate.publicKey.name)
    }

    private var next: StatusDocument.NextAction? {
        machine.nextStep(now: ports.now()).map { next in
            StatusDocument.NextAction(action: next.step.rawValue, at: Timestamp(next.at))
        }
    }
}

extension StatusDocument.Problem {
    /// A problem as the status shows it: the table's words, and what exactly.
    init(_ problem: Problem) {
        self.init(
            code: problem.code.rawValue, severity: problem.code.severity == .error ? .error : .warning,
            since: Timestamp(problem.since), text: problem.text, remedy: problem.code.remedy)
    }
}

extension PublicKeyKind {
    /// Kind and size in one word.
    fileprivate var name: String {
        switch self {
        case .rsa(let bits, _): "rsa-\(bits)"
        case .ellipticCurve(.p256): "ec-p256"
        case .ellipticCurve(.p384): "ec-p384"
        case .ellipticCurve(.p521): "ec-p521"
        case .ellipticCurve(let curve): "ec-\(curve)"
        case .other(let algorithm): "\(algorithm)"
        }
    }
}

extension Profile {
    /// What the machine needs to know of the profile, with the device's place in the fleet.
    func rules(_ context: RunnerContext, _ ports: AgentPorts) -> EnrollmentRules {
        let cryptography = ports.cryptography
        // One that cannot be read differs from one that can.
        let files = (install.anchors + install.chain).map { cryptography.sha256((try? ports.bytes($0)) ?? []) }
        let place = cryptography.sha256(Array((context.deviceID + name.description).utf8))
        return EnrollmentRules(
            servers: scep.urls, renewAt: renewal.at, spread: renewal.spread,
            fraction: Schedule.fraction(digest: place),
            firstRung: scep.options.renewalRequest.map(Rung.init), hasChallenge: scep.challenge != nil,
            singleUseChallenge: scep.challenge?.singleUse ?? false,
            enrollsAfterRevocation: scep.afterRevocation == .enroll,
            enrollsAfterCloning: scep.afterCloning == .enroll,
            profileDigest: Hexadecimal.string(cryptography.sha256(canonicalBytes)).lowercased(),
            filesDigest: files.isEmpty
                ? "" : Hexadecimal.string(cryptography.sha256(files.flatMap(\.self))).lowercased())
    }
}

extension Rung {
    fileprivate init(_ request: RenewalRequest) {
        self =
            switch request {
            case .renewalReq: .renewalReq
            case .pkcsReq: .signedPKCSReq
            case .challenge: .challenge
            }
    }
}
