import CCurl
import Dispatch
import Faults
package import SCEP
import Synchronization

/// HTTP exchanges by libcurl, one after another over one kept connection.
///
/// Each runs on a queue of its own, so that waiting for a server takes no thread from anybody else. Proxies come from
/// the environment, as libcurl reads it (`http_proxy`, `https_proxy`, `no_proxy`). A redirect is not followed: its
/// status is the answer.
package final class CurlTransport: Transport {
    private let queue = DispatchQueue(label: "io.signet.transport")
    private let session: CurlSession

    /// - Parameters:
    ///   - tlsAuthorities: PEM of the CA certificates that TLS servers must chain to, in place of the system's.
    ///   - userAgent: "signet/1.0".
    ///   - client: who the client is, to servers that ask; for one server only, since every request carries the token.
    /// - Throws: `.notConnected` where libcurl cannot be set up.
    package init(
        tlsAuthorities: [UInt8]? = nil, userAgent: String, client: ClientAccess? = nil
    ) throws(TransportFault) {
        session = try CurlSession(tlsAuthorities: tlsAuthorities, userAgent: userAgent, client: client)
    }

    package func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        let exchange = CurlExchange(request)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                queue.async { [session] in continuation.resume(with: Result { try session.perform(exchange) }) }
            }
        } onCancel: {
            exchange.cancel()
            session.wake()
        }
    }
}
