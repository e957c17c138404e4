import CCurl
import Faults
import SCEP

extension CurlExchange {
    /// Scheme and authority, by which connections are kept.
    var origin: Substring {
        let url = request.url
        guard let colon = url.firstIndex(of: ":"), url[colon...].hasPrefix("://") else { return "" }
        let end = url[colon...].dropFirst(3).firstIndex { "/?#".contains($0) }
        return url[..<(end ?? url.endIndex)]
    }

    /// "POST https://pki.example.com/scep": without the query, which may be a whole message.
    private var attempted: String { "\(request.method.rawValue) \(request.url.prefix { $0 != "?" && $0 != "#" })" }

    func fault(_ code: TransportFaultCode, expected: String? = nil, got: String? = nil) -> TransportFault {
        TransportFault(code, attempted: attempted, expected: expected, got: got)
    }

    /// What libcurl's result means for this exchange.
    ///
    /// - Parameters:
    ///   - words: libcurl's own, of this exchange; empty where it had none.
    ///   - verification: what OpenSSL found of the server's certificates; 0 where nothing was wrong with them.
    func fault(_ result: CURLcode, words: String, verification: Int = 0) -> TransportFault {
        let own = words.isEmpty ? unsafe String(cString: curl_easy_strerror(result)) : words
        // libcurl would have sent it once more, and was not let.
        let said = result == CURLE_ABORTED_BY_CALLBACK && sendings > 1 ? "the server closed the connection" : own
        let code = isTooLarge ? .tooLarge : Self.code(result, hasBegunSending: sendings > 0)
        switch code {
        case .tlsRefused where verification == Self.notYetValid:
            return fault(
                .tlsNotYetValid, expected: "a server's certificate that has begun, and a right clock", got: said)
        case .tlsRefused where verification == Self.hasExpired:
            return fault(code, expected: "a server's certificate that has not ended, and a right clock", got: said)
        case .tlsRefused:
            return fault(
                code,
                expected: "a server's certificate that leads to a CA of the system's, or of the file that tls-ca names",
                got: said)
        case .tooLarge: return fault(code, expected: "at most \(request.limit) bytes and few headers", got: said)
        case .timedOut, .timedOutBeforeSending:
            return fault(code, expected: "an answer within \(request.deadline) s", got: said)
        case .badURL: return fault(code, expected: "http:// or https://, a host, and no user name", got: said)
        default: return fault(code, got: said)
        }
    }

    /// What a proxy let nothing past by; nil where it is not the proxy's doing.
    ///
    /// - Parameter refusal: the status by which it refused, where it did.
    func fault(_ result: CURLcode, of proxy: HTTPProxy, refusal: Int?, words: String) -> TransportFault? {
        switch (refusal, result) {
        case (407?, _), (401?, _):
            return fault(
                .proxyUnauthorised,
                expected: "a login that '\(proxy.url)' takes, as user:password in the credential that proxy names",
                got: proxy.authorization == nil ? "none" : "one that it refuses")
        case (let status?, _):
            return fault(
                .proxyRefused, expected: "a tunnel to '\(origin)' by '\(proxy.url)'", got: "HTTP status \(status)")
        case (nil, CURLE_COULDNT_RESOLVE_PROXY), (nil, CURLE_COULDNT_CONNECT):
            return fault(
                .proxyNotConnected, expected: "a proxy at '\(proxy.url)'",
                got: words.isEmpty ? unsafe String(cString: curl_easy_strerror(result)) : words)
        default: return nil
        }
    }

    // X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL.
    private static let (notYetValid, hasExpired) = (9, 10)

    /// Before anything was sent, the server cannot have seen the request, whatever the result.
    private static func code(_ result: CURLcode, hasBegunSending: Bool) -> TransportFaultCode {
        switch (result, hasBegunSending) {
        case (CURLE_COULDNT_RESOLVE_HOST, false), (CURLE_COULDNT_RESOLVE_PROXY, false): .nameNotResolved
        case (CURLE_URL_MALFORMAT, false), (CURLE_UNSUPPORTED_PROTOCOL, false), (CURLE_LOGIN_DENIED, false): .badURL
        case (CURLE_SSL_CONNECT_ERROR, false), (CURLE_PEER_FAILED_VERIFICATION, false), (CURLE_SSL_CIPHER, false),
            (CURLE_SSL_CACERT_BADFILE, false), (CURLE_SSL_ISSUER_ERROR, false), (CURLE_SSL_CERTPROBLEM, false),
            (CURLE_SSL_INVALIDCERTSTATUS, false), (CURLE_USE_SSL_FAILED, false):
            .tlsRefused
        case (CURLE_OPERATION_TIMEDOUT, false): .timedOutBeforeSending
        case (CURLE_OPERATION_TIMEDOUT, true): .timedOut
        case (CURLE_FILESIZE_EXCEEDED, true): .tooLarge
        // HTTP/0.9, which is whatever a port that speaks something else says.
        case (CURLE_UNSUPPORTED_PROTOCOL, true), (CURLE_WEIRD_SERVER_REPLY, true), (CURLE_WRITE_ERROR, true),
            (CURLE_BAD_CONTENT_ENCODING, true):
            .malformedAnswer
        case (_, true): .connectionLost
        case (_, false): .notConnected
        }
    }
}
