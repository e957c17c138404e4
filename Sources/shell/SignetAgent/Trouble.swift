import Enrollment
import Faults
import Profiles
import SCEP

/// The agent's own failures around an exchange; each says which of this machine's parts it was.
enum LocalFailure: Error {
    case storage(any Error)
    case challenge(any Error)
    case subject(any Error)
    case profile(any Error)
    case proxy(any Error)
}

/// A renewal cannot be asked for in this way, for want of a challenge to encrypt under; in another one it may.
struct ClosedRung: Error {
    let cause: SCEPFault
}

extension ExchangeTrouble {
    /// What an error means to the machine. `wasSent` tells whether bytes of a request had left when it came.
    init(_ error: any Error, wasSent: Bool) {
        switch error {
        case let failure as ExchangeFailure: self.init(failure, wasSent: wasSent)
        case let closed as ClosedRung: self.init(.closed, code: .recipientUnsupported, detail: "\(closed.cause)")
        case let fault as SCEPFault: self.init(ExchangeFailure.untrusted(fault), wasSent: wasSent)
        case LocalFailure.storage(let cause): self.init(.local, code: .storage, detail: "\(cause)")
        case LocalFailure.challenge(let cause): self.init(.local, code: .challengeUnavailable, detail: "\(cause)")
        case LocalFailure.subject(let cause): self.init(.local, code: .subjectUnavailable, detail: "\(cause)")
        case LocalFailure.profile(let cause): self.init(.local, code: .profileInvalid, detail: "\(cause)")
        case LocalFailure.proxy(let cause): self.init(.local, code: .proxyFailing, detail: "\(cause)")
        default: self.init(.local, code: .cryptography, detail: "\(error)")
        }
    }

    private init(_ failure: ExchangeFailure, wasSent: Bool) {
        let detail = "\(failure)"
        switch failure {
        case .noAnswer(let fault):
            let code: ProblemCode =
                if fault.code == .tlsNotYetValid { .clockWrong } else if fault.code.isProxys { .proxyFailing } else {
                    .unreachable
                }
            self.init(
                .noAnswer(requestMayHaveArrived: wasSent && fault.code.requestMayHaveArrived), code: code,
                detail: detail)
        case .status(407, _, _):
            // Of one that the environment names: what the profile's own says is a fault of the transport's.
            self.init(
                .noAnswer(requestMayHaveArrived: false), code: .proxyFailing,
                detail: "\(detail): name the proxy, with its login, in scep.proxy")
        case .status(let status, nil, _) where status < 400:
            // No PKI's word: a SCEP server that answers so is none, and portals send everybody elsewhere.
            self.init(
                .untrusted, code: .notSCEP, detail: "\(detail): a proxy or captive portal may stand between")
        case .status(let status, nil, _) where !wasSent && status < 500 && status != 429:
            // There is nothing yet that a PKI could have decided on, and what stands in front of it is soon set right.
            self.init(.untrusted, code: [404, 405, 410].contains(status) ? .notSCEP : .refused, detail: detail)
        case .status(let status, nil, _) where wasSent && Self.gatewayStatuses.contains(status):
            self.init(.noAnswer(requestMayHaveArrived: true), code: .unreachable, detail: detail)
        case .status(let status, let retryAfter, _):
            let code: ProblemCode =
                if status == 429 || retryAfter != nil { .overloaded } else if status >= 500 { .unreachable } else {
                    .refused
                }
            self.init(.httpStatus(status, retryAfter: retryAfter), code: code, detail: detail)
        case .untrusted(let fault):
            if fault.code.isOfAuthenticReply {
                let isOfCertificate = ![.weakAlgorithm, .undecipherable, .certificateNotCurrent].contains(fault.code)
                self.init(.unfit, code: isOfCertificate ? .unfitCertificate : .untrustedReply, detail: detail)
                return
            }
            // It is this machine that has to do something; a request that was sent is asked after until then.
            if fault.code == .clockWrong {
                self.init(.local, code: .clockWrong, detail: detail)
                return
            }
            let code: ProblemCode =
                switch fault.code {
                case .caNotPinned, .issuingCANotAdmitted: .wrongCA
                case .raNotAuthorised, .raNotIssuedByCA: .raNotAuthorised
                case .notSCEP: .notSCEP
                case .unsupportedRecipientKey: .recipientUnsupported
                default: .untrustedReply
                }
            self.init(.untrusted, code: code, detail: detail)
        }
    }

    /// Of what stands in front of a server, and knows no more than that its answer did not come: 502 and 504 (RFC 9110
    /// §15.6.3, §15.6.5), and Cloudflare's.
    private static let gatewayStatuses: Set<Int> = [502, 504, 520, 521, 522, 523, 524]
}
