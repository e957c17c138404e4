package import Faults
package import FoundationEssentials

/// Carries one HTTP exchange. A port: libcurl implements it; tests replace it.
///
/// One transport serves one transaction and keeps its connection between exchanges; it is used by one task at a
/// time. Cancelling the task ends a running exchange at once.
package protocol Transport: Sendable {
    /// Sends the request and reads the whole answer. Any HTTP status is an answer.
    ///
    /// Throws `TransportFault`: no answer, or one outside the limits.
    func exchange(_ request: HTTPRequest) async throws -> HTTPResponse
}

/// One HTTP request.
package struct HTTPRequest: Sendable, Equatable {
    package enum Method: String, Sendable { case get = "GET", post = "POST" }
    package var method: Method
    package var url: String
    /// Sent with `Content-Length`, never chunked, without `Expect`.
    package var body: [UInt8]
    package var contentType: String?
    /// Bytes of answer beyond which the exchange ends with `.tooLarge`.
    package var limit: Int
    /// Seconds for the whole exchange, from resolving the name to the last byte.
    package var deadline: Double
    /// Whether it does no harm to send it again where a kept connection ended without an answer: a GET that asks for
    /// nothing to be done (RFC 9110 §9.2.2).
    package var isRepeatable: Bool
    /// Whether it has a connection of its own, where the kept one may be about to end.
    package var hasOwnConnection: Bool

    /// - Parameter isRepeatable: for a GET only.
    package init(
        method: Method, url: String, body: [UInt8] = [], contentType: String? = nil, limit: Int, deadline: Double,
        isRepeatable: Bool = true, hasOwnConnection: Bool = false
    ) {
        self.method = method
        self.url = url
        self.body = body
        self.contentType = contentType
        self.limit = limit
        self.deadline = deadline
        self.isRepeatable = isRepeatable && method == .get
        self.hasOwnConnection = hasOwnConnection
    }
}

/// One HTTP answer.
package struct HTTPResponse: Sendable, Equatable {
    package var status: Int
    /// Lower case, without parameters.
    package var contentType: String?
    /// Seconds that `Retry-After` asks to wait, as the transport resolved them; nil where absent.
    package var retryAfter: Int?
    /// What the server's clock said: `Date` (RFC 9110 §6.6.1), which nobody signed.
    package var date: Date?
    /// Where a redirect leads, which is not followed: at most 256 printable characters of it, without a query; else nil.
    package var location: String?
    package var body: [UInt8]
    /// The certificates that the TLS server sent, leaf first, DER: all of them, or none where there are too many to tell;
    /// empty over plain HTTP.
    package var serverCertificates: [[UInt8]]

    package init(
        status: Int, contentType: String? = nil, retryAfter: Int? = nil, date: Date? = nil, location: String? = nil,
        body: [UInt8] = [],
        serverCertificates: [[UInt8]] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.retryAfter = retryAfter
        self.date = date
        self.location = location
        self.body = body
        self.serverCertificates = serverCertificates
    }
}

/// What an exchange fails with.
package typealias TransportFault = Fault<TransportFaultCode>

/// Why there is no answer. `requestMayHaveArrived` is what recovery turns on (RFC 8894 §5.2).
package enum TransportFaultCode: String, FaultCode {
    case nameNotResolved = "name-not-resolved"
    case notConnected = "not-connected"
    case tlsRefused = "tls-refused"
    /// A certificate of the server's is not valid yet: for a server in use, that is this machine's clock.
    case tlsNotYetValid = "tls-not-yet-valid"
    case timedOutBeforeSending = "timed-out-before-sending"
    case timedOut = "timed-out"
    case connectionLost = "connection-lost"
    case tooLarge = "too-large"
    case malformedAnswer = "malformed-answer"
    case badURL = "bad-url"
    case cancelled
    /// The proxy has no address, or does not listen.
    case proxyNotConnected = "proxy-not-connected"
    /// The proxy asks for a login, or for another one (407, RFC 9110 §15.5.8).
    case proxyUnauthorised = "proxy-unauthorised"
    /// The proxy opens no tunnel to the server (RFC 9110 §9.3.6).
    case proxyRefused = "proxy-refused"

    /// Whether it is the proxy that nothing gets past.
    package var isProxys: Bool {
        switch self {
        case .proxyNotConnected, .proxyUnauthorised, .proxyRefused: true
        default: false
        }
    }

    /// Whether the server may have seen the request although no answer came.
    package var requestMayHaveArrived: Bool {
        switch self {
        case .nameNotResolved, .notConnected, .tlsRefused, .tlsNotYetValid, .timedOutBeforeSending, .badURL: false
        case .proxyNotConnected, .proxyUnauthorised, .proxyRefused: false
        case .timedOut, .connectionLost, .tooLarge, .malformedAnswer, .cancelled: true
        }
    }
}
