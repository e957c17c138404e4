import Enrollment
import Faults
import SCEP
import Testing

@testable import SignetAgent

/// What an exchange that brought no verdict means to the machine.
@Suite struct TroubleTests {
    private func trouble(_ code: SCEPFaultCode) -> ExchangeTrouble {
        ExchangeTrouble(ExchangeFailure.untrusted(SCEPFault(code, attempted: "read the reply")), wasSent: true)
    }

    private func trouble(_ status: Int, wasSent: Bool, retryAfter: Int? = nil) -> ExchangeTrouble {
        let failure = ExchangeFailure.status(status, retryAfter: retryAfter, operation: "GetCACert of 'http://pki/'")
        return ExchangeTrouble(failure, wasSent: wasSent)
    }

    /// The next request would have one more certificate issued that is of no use either.
    @Test(arguments: [
        (SCEPFaultCode.undecipherable, ProblemCode.untrustedReply), (.weakAlgorithm, .untrustedReply),
        (.certificateNotCurrent, .untrustedReply), (.unfitCertificate, .unfitCertificate),
        (.keyMismatch, .unfitCertificate), (.subjectMismatch, .unfitCertificate), (.notRenewed, .unfitCertificate),
    ])
    func `an authentic reply that is of no use is not asked for again within the hour`(
        code: SCEPFaultCode, problem: ProblemCode
    ) {
        #expect(trouble(code).kind == .unfit)
        #expect(trouble(code).code == problem)
    }

    @Test(arguments: [SCEPFaultCode.untrustedSigner, .nonceMismatch, .transactionMismatch, .malformedReply, .badStatus])
    func `what anybody may have sent says nothing about the request`(code: SCEPFaultCode) {
        #expect(trouble(code).kind == .untrusted)
    }

    @Test(arguments: [502, 504, 522])
    func `a gateway does not know what became of a request`(status: Int) {
        #expect(trouble(status, wasSent: true).kind == .noAnswer(requestMayHaveArrived: true))
        #expect(trouble(status, wasSent: false).kind == .httpStatus(status, retryAfter: nil))
        #expect(trouble(status, wasSent: true, retryAfter: 9).kind == .httpStatus(status, retryAfter: 9))
    }

    @Test(arguments: [true, false])
    func `a proxy that nobody configured and that wants a login is named for what it is`(wasSent: Bool) {
        let trouble = trouble(407, wasSent: wasSent)
        #expect(trouble.kind == .noAnswer(requestMayHaveArrived: false) && trouble.code == .proxyFailing)
        #expect(trouble.detail.contains("scep.proxy"))
    }

    @Test func `a PKI refuses nothing before it was asked, and each status names what it was the answer to`() {
        for (status, code) in [(400, ProblemCode.refused), (403, .refused), (404, .notSCEP)] {
            #expect(trouble(status, wasSent: false).code == code)
            #expect(trouble(status, wasSent: false).kind == .untrusted)
            #expect(trouble(status, wasSent: true).code == .refused)
            #expect(trouble(status, wasSent: true).kind == .httpStatus(status, retryAfter: nil))
        }
        #expect(trouble(429, wasSent: false).code == .overloaded)
        #expect(trouble(404, wasSent: false).detail == "HTTP status 404 to GetCACert of 'http://pki/'")
    }
}
