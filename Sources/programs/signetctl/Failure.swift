import ControlProtocol
import Faults
import LocalSocket
import Varlink

/// How the program ends. Scripts rely on these numbers.
enum ExitStatus: Int32 {
    case done = 0
    /// For `tag`: not valid.
    case failed = 1
    case wrongUsage = 2
    case unreachable = 3
    case notPermitted = 4
    /// The CA waits for a person, or the time to wait ran out.
    case pending = 5
}

/// Why a command ends with another status than 0, in words for a person.
struct Failure: Error {
    let status: ExitStatus
    /// One line, lower-case; nil where everything has been said already.
    let message: String?
    /// What to do, a line each.
    let hints: [String]
    /// What went wrong with the socket, where that was it.
    let cause: LocalSocketFaultCode?
    /// The code of the agent's problem, where it told one.
    let problem: String?

    init(
        _ status: ExitStatus, _ message: String? = nil, hints: [String] = [], cause: LocalSocketFaultCode? = nil,
        problem: String? = nil
    ) {
        self.status = status
        self.message = message
        self.hints = hints
        self.cause = cause
        self.problem = problem
    }
}

extension Failure {
    /// Says what talking to the agent failed with.
    ///
    /// - Parameter socket: the path that was called.
    init(_ error: any Error, socket: String) {
        switch error {
        case let failure as Failure: self = failure
        case let fault as LocalSocketFault: self.init(fault, socket: socket)
        case let error as VarlinkError: self.init(error)
        default: self.init(.failed, "\(error)")
        }
    }

    private init(_ fault: LocalSocketFault, socket: String) {
        let got = fault.got.map { ": \($0)" } ?? ""
        switch fault.code {
        case .unreachable:
            self.init(
                .unreachable, "cannot reach the agent at \(socket)\(got)",
                hints: ["see whether its socket is there: systemctl status signetd-control.socket"])
        case .notPermitted:
            self.init(
                .notPermitted, "not permitted to open \(socket)",
                hints: ["use sudo, or have your user added to the group signet-admin"])
        case .timedOut:
            self.init(
                .unreachable, "the agent at \(socket) does not answer",
                hints: ["look at its log: journalctl -u signetd"], cause: fault.code)
        case .closed:
            self.init(
                .unreachable, "the agent at \(socket) hung up",
                hints: ["try again; if it stays so, look at its log: journalctl -u signetd"])
        case .pathTooLong:
            self.init(.wrongUsage, "\(socket) is too long for a socket\(got)", hints: ["use a shorter --root"])
        default: self.init(.failed, "\(fault)")
        }
    }

    private init(_ error: VarlinkError) {
        switch AgentError(error) {
        case .noSuchProfile(let profile):
            self.init(.failed, "there is no profile '\(profile)'", hints: ["'signetctl status' lists the profiles"])
        case .busy(let profile):
            self.init(
                .pending, "an exchange for '\(profile)' is under way already",
                hints: ["follow it with 'signetctl status \(profile) --watch'"])
        case .failed(let problem):
            self.init(
                .failed, "\(problem.text) [\(problem.code)]", hints: [problem.remedy], problem: problem.code)
        case nil where error == .permissionDenied:
            self.init(.notPermitted, "the agent does not do this here", hints: ["use sudo"])
        case nil:
            self.init(
                .failed, "the agent replied \(error)",
                hints: ["see whether signetctl and signetd are of the same version"])
        }
    }
}
