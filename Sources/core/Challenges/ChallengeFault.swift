package import Faults

/// Why a server that hands out challenges gave none.
package typealias ChallengeFault = Fault<ChallengeFaultCode>

/// The reasons. What the server sent is in none of them: it may hold a challenge.
package enum ChallengeFaultCode: String, FaultCode {
    /// 401: the server takes no such login, or no such token.
    case notAuthorised = "not-authorised"
    /// It knows who asks, and gives that account no challenge.
    case notPermitted = "not-permitted"
    /// NDES has handed out as many challenges as it keeps, and none of them was used or ran out.
    case cacheFull = "cache-full"
    /// Any other status than 200; redirects are not followed.
    case status
    /// Neither the page nor the document that was expected.
    case unexpectedAnswer = "unexpected-answer"
    /// More than one text on the page could be it.
    case ambiguous
}
