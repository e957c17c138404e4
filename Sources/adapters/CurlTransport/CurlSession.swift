import CCurl
import Faults
import FoundationEssentials
import SCEP
import Secrets

/// A handle of libcurl's and the connection that it keeps.
///
/// One exchange at a time, always on the same queue; only `wake()` is for any thread.
@safe final class CurlSession: @unchecked Sendable {
    /// Seconds within which a connection must stand.
    private static let connectLimit = 10.0
    /// Seconds of `Retry-After` beyond which it counts as that many.
    private static let retryLimit = 24 * 60 * 60
    /// Why libcurl cannot be used; nil where it can. The first session loads it.
    private static let loadError = unsafe signet_curl_load().map { unsafe String(cString: $0) }

    private let easy: UnsafeMutableRawPointer
    private let multi: UnsafeMutableRawPointer
    private let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private let tlsAuthorities: [UInt8]?
    private let userAgent: String
    private let client: ClientAccess?
    private let proxy: HTTPProxy?
    /// What the kept connection's server showed in its handshake, and who that was.
    private var shown: (origin: Substring, certificates: [[UInt8]]) = ("", [])
    /// Whether a second request found the connection of the first: some servers end it and do not say so, and what must not
    /// be sent twice would be lost on it each time.
    private var keepsConnections = true

    init(
        tlsAuthorities: [UInt8]?, userAgent: String, client: ClientAccess?, proxy: HTTPProxy?
    ) throws(TransportFault) {
        if let error = Self.loadError {
            unsafe words.deallocate()
            throw TransportFault(
                .notConnected, attempted: "load libcurl",
                expected: "\(SIGNET_CURL_SONAME), of Debian's package libcurl4",
                got: error)
        }
        guard let easy = unsafe curl_easy_init(), let multi = unsafe curl_multi_init() else {
            unsafe words.deallocate()
            throw TransportFault(.notConnected, attempted: "set up libcurl", got: "no memory")
        }
        unsafe self.easy = unsafe easy
        unsafe self.multi = unsafe multi
        self.tlsAuthorities = tlsAuthorities
        self.userAgent = userAgent
        self.client = client
        self.proxy = proxy
        unsafe signet_curl_multi_keep(multi, 1)
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe curl_multi_cleanup(multi)
        unsafe words.deallocate()
    }

    /// Makes a running exchange look whether it was cancelled.
    func wake() { unsafe curl_multi_wakeup(multi) }

    /// Blocks until the answer is there, or none will be.
    func perform(_ exchange: CurlExchange) throws(TransportFault) -> HTTPResponse {
        guard let key = client?.identity?.key else { return unsafe try perform(exchange, key: nil) }
        return try unsafe key.withBytes { key throws(TransportFault) in unsafe try perform(exchange, key: key) }
    }

    /// - Parameter key: lent for the length of the exchange; libcurl makes no copy.
    private func perform(
        _ exchange: CurlExchange, key: UnsafeRawBufferPointer?
    ) throws(TransportFault) -> HTTPResponse {
        let proxyHeaders = unsafe proxy?.authorization?.withBytes { line in
            unsafe curl_slist_append(nil, line.bindMemory(to: CChar.self).baseAddress)
        }
        defer { unsafe signet_curl_wipe_list(proxyHeaders) }
        let headers = unsafe try prepare(exchange, key: key, proxyHeaders: proxyHeaders)
        defer {
            unsafe signet_curl_wipe_list(headers)
            unsafe signet_curl_forget_key(easy)
            unsafe signet_curl_forget_login(easy)
        }
        unsafe words.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard unsafe curl_multi_add_handle(multi, easy) == CURLM_OK else {
            throw exchange.fault(.notConnected, got: "libcurl refuses the exchange")
        }
        defer { unsafe curl_multi_remove_handle(multi, easy) }
        let result = try run(exchange)
        let said = unsafe String(cString: words)
        if let proxy, let fault = exchange.fault(result, of: proxy, refusal: refusal(of: exchange), words: said) {
            throw fault
        }
        guard result == CURLE_OK else {
            throw exchange.fault(
                result, words: said,
                verification: unsafe signet_curl_get_long(easy, CURLINFO_SSL_VERIFYRESULT))
        }
        guard exchange.isHeadComplete else { throw exchange.fault(.connectionLost, got: "half a head") }
        let response = response(to: exchange)
        // libcurl takes "HTTP/21a" for a status of 1.
        guard (100..<1000).contains(response.status) else {
            throw exchange.fault(.malformedAnswer, expected: "a status of three digits", got: "\(response.status)")
        }
        return response
    }

    /// The status by which a proxy opened no tunnel, or asks for a login to forward; nil where it refused neither.
    private func refusal(of exchange: CurlExchange) -> Int? {
        if exchange.origin.lowercased().hasPrefix("https") {
            let tunnel = unsafe signet_curl_get_long(easy, CURLINFO_HTTP_CONNECTCODE)
            return tunnel == 0 || (200...299).contains(tunnel) ? nil : tunnel
        }
        return unsafe signet_curl_get_long(easy, CURLINFO_RESPONSE_CODE) == 407 ? 407 : nil
    }

    private func run(_ exchange: CurlExchange) throws(TransportFault) -> CURLcode {
        while true {
            var running: Int32 = 0
            guard !exchange.isCancelled else { throw exchange.fault(.cancelled) }
            guard unsafe curl_multi_perform(multi, &running) == CURLM_OK else { return CURLE_OUT_OF_MEMORY }
            let result = unsafe signet_curl_multi_result(multi)
            if result >= 0 { return CURLcode(rawValue: UInt32(result)) }
            // libcurl shortens this to its own next deadline.
            guard unsafe curl_multi_poll(multi, nil, 0, 10_000, nil) == CURLM_OK else { return CURLE_OUT_OF_MEMORY }
        }
    }

    /// Sets every option anew; the connection stays. The list is the caller's to free, after the exchange.
    private func prepare(
        _ exchange: CurlExchange, key: UnsafeRawBufferPointer?, proxyHeaders: UnsafeMutablePointer<curl_slist>?
    ) throws(TransportFault) -> UnsafeMutablePointer<curl_slist>? {
        let request = exchange.request
        let hasOwnConnection = request.hasOwnConnection || !(request.isRepeatable || keepsConnections)
        unsafe curl_easy_reset(easy)
        let deadline = min(max(request.deadline, 0.001), 3600)
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        var results = unsafe [
            signet_curl_set_policy(easy),
            signet_curl_set_callbacks(easy, context, receiveBody, receiveHeader, beginSending, words),
            signet_curl_set_text(easy, CURLOPT_URL, request.url),
            signet_curl_set_text(easy, CURLOPT_USERAGENT, userAgent),
            signet_curl_set_long(easy, CURLOPT_FRESH_CONNECT, hasOwnConnection ? 1 : 0),
            signet_curl_set_long(easy, CURLOPT_TIMEOUT_MS, Int(deadline * 1000)),
            signet_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(min(deadline, Self.connectLimit) * 1000)),
            signet_curl_set_limit(easy, curl_off_t(max(request.limit, 1))),
        ]
        if let authorities = tlsAuthorities {
            unsafe results.append(signet_curl_set_authorities(easy, authorities, authorities.count))
        }
        if let key = unsafe key, let certificates = client?.identity?.certificates {
            unsafe results.append(
                signet_curl_set_identity(easy, certificates, certificates.count, key.baseAddress, key.count))
        }
        if let proxy { unsafe results.append(signet_curl_set_proxy(easy, proxy.url, proxyHeaders)) }
        if let login = client?.login {
            unsafe results.append(login.withCStrings { unsafe signet_curl_set_login(easy, $0, $1) })
        }
        // An empty value takes back a header that libcurl would send by itself.
        var lines = ["Cache-Control: no-cache", "Expect:"]
        if request.method == .post {
            unsafe results.append(signet_curl_set_body(easy, request.body, request.body.count))
            lines.append("Content-Type:" + (request.contentType.map { " " + $0 } ?? ""))
        }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { unsafe list = curl_slist_append(list, line) ?? list }
        // Proxies do not see it: libcurl keeps a CONNECT's headers apart (CURLOPT_HEADEROPT).
        if let authorization = client?.authorization {
            unsafe list = authorization.withBytes { line in
                unsafe curl_slist_append(list, line.bindMemory(to: CChar.self).baseAddress) ?? list
            }
        }
        unsafe results.append(signet_curl_set_list(easy, CURLOPT_HTTPHEADER, list))
        if let failed = results.first(where: { $0 != CURLE_OK }) {
            unsafe signet_curl_wipe_list(list)
            throw exchange.fault(failed, words: "")
        }
        return unsafe list
    }

    private func response(to exchange: CurlExchange) -> HTTPResponse {
        let type = unsafe signet_curl_get_text(easy, CURLINFO_CONTENT_TYPE).map { unsafe String(cString: $0) }
        let seconds = unsafe signet_curl_get_retry_after(easy)
        let date = exchange.date.map { unsafe signet_curl_date($0) } ?? -1
        return HTTPResponse(
            status: unsafe signet_curl_get_long(easy, CURLINFO_RESPONSE_CODE),
            contentType: type.map(mediaType), retryAfter: seconds > 0 ? min(Int(seconds), Self.retryLimit) : nil,
            date: date > 0 ? Date(timeIntervalSince1970: Double(date)) : nil, location: location, body: exchange.body,
            serverCertificates: certificates(of: exchange.origin))
    }

    private var location: String? {
        guard let url = unsafe signet_curl_get_text(easy, CURLINFO_REDIRECT_URL) else { return nil }
        let place = unsafe String(cString: url).prefix { $0 != "?" && $0 != "#" }.prefix(256)
        return place.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !place.contains("@") ? String(place) : nil
    }

    /// libcurl shows certificates after a handshake only, and none for a kept connection.
    private func certificates(of origin: Substring) -> [[UInt8]] {
        let isNew = unsafe signet_curl_get_long(easy, CURLINFO_NUM_CONNECTS) > 0
        if isNew, shown.origin == origin { keepsConnections = false }
        if isNew { shown = unsafe (origin, handshakeCertificates(signet_curl_get_certificates(easy))) }
        return shown.origin == origin ? shown.certificates : []
    }
}

/// "application/x-pki-message" of "Application/X-PKI-Message; charset=…" (RFC 9110 §8.3.1).
private func mediaType(_ field: String) -> String {
    String(field.prefix { $0 != ";" }.filter { !$0.isWhitespace }).lowercased()
}
