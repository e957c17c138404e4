import CCurl
import Dispatch
import Faults
package import SCEP
import Synchronization

/// HTTP exchanges by libcurl, one after another over one kept connection.
///
/// Each runs on a queue of its own, so that waiting for a server takes no thread from anybody else. Where no
/// proxy is given, the environment may name one, as libcurl reads it (`http_proxy`, `https_proxy`, `no_proxy`). A redirect
/// is not followed: its status is the answer.
package final class CurlTransport: Transport {
    private let queue = DispatchQueue(label: "io.signet.transport")
    private let session: CurlSession

    /// - Parameters:
    ///   - tlsAuthorities: PEM of the CA certificates that TLS servers must chain to, in place of the system's.
    ///   - userAgent: "signet/1.0".
    ///   - client: who the client is, to servers that ask; for one server only, since every request carries the token.
    ///   - proxy: the way to all of them.
    /// - Throws: `.notConnected` where libcurl cannot be set up.
    package init(
        tlsAuthorities: [UInt8]? = nil, userAgent: String, client: ClientAccess? = nil,
        proxy: HTTPProxy? = nil
    ) throws(TransportFault) {
        session = try CurlSession(tlsAuthorities: tlsAuthorities, userAgent: userAgent, client: client, proxy: proxy)
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
