import CCurl
import SCEP
import Synchronization

/// One exchange under way: what libcurl delivers of the answer, within its limits.
///
/// Everything but `cancel()` happens on the session's queue.
final class CurlExchange: @unchecked Sendable {
    /// Header lines and their bytes that an answer may have, interim answers (1xx) included.
    static let headerLimit = (lines: 200, bytes: 64 * 1024)

    let request: HTTPRequest
    private(set) var body: [UInt8] = []
    /// How often a request was about to be sent. libcurl sends it again where a kept connection ended at once.
    private(set) var sendings = 0
    /// Whether the answer passed a limit.
    private(set) var isTooLarge = false
    /// Whether the last head that began has ended. libcurl takes a connection that ends within one for an answer.
    private(set) var isHeadComplete = false
    /// `Date` of the last head; nil where a cache answered (RFC 9111 §5.1), whose `Date` is old.
    var date: String? { isFromCache ? nil : said }
    private var said: String?
    private var isFromCache = false
    private var headers = (lines: 0, bytes: 0)
    private let cancellation = Atomic(false)

    init(_ request: HTTPRequest) { self.request = request }

    var isCancelled: Bool { cancellation.load(ordering: .acquiring) }

    /// From any thread.
    func cancel() { cancellation.store(true, ordering: .releasing) }

    /// Takes a piece of the body; false ends the exchange.
    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= request.limit - body.count else {
            isTooLarge = true
            return false
        }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    /// Counts a line of a head, whose end is an empty line; false ends the exchange.
    func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        if unsafe line.starts(with: Array("HTTP/".utf8)) { (isHeadComplete, said, isFromCache) = (false, nil, false) }
        if unsafe isField("date:", line) { said = unsafe String(decoding: line.dropFirst(5).prefix(64), as: UTF8.self) }
        if unsafe isField("age:", line) { isFromCache = true }
        if unsafe line.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) { isHeadComplete = true }
        headers.lines += 1
        headers.bytes += line.count
        isTooLarge = headers.lines > Self.headerLimit.lines || headers.bytes > Self.headerLimit.bytes
        return !isTooLarge
    }

    private func isField(_ name: String, _ line: UnsafeRawBufferPointer) -> Bool {
        unsafe line.prefix(name.utf8.count).elementsEqual(name.utf8) { $0 == $1 || $0 == $1 & ~0x20 }
    }

    /// Counts a sending; false ends the exchange. What may do something is not repeated behind the caller's back: the server
    /// may have acted on the first one (RFC 9110 §9.2.2), which is for recovery to find out.
    func beginSending() -> Bool {
        guard sendings == 0 || request.isRepeatable else { return false }
        sendings += 1
        return true
    }
}

// libcurl's callbacks: they recover the exchange and forward.

/// CURLOPT_WRITEFUNCTION
func receiveBody(_ bytes: UnsafeMutablePointer<CChar>?, _: Int, _ count: Int, _ context: UnsafeMutableRawPointer?)
    -> Int
{
    guard let context = unsafe context, count > 0 else { return count }
    let exchange = unsafe Unmanaged<CurlExchange>.fromOpaque(context).takeUnretainedValue()
    return unsafe exchange.receive(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
}

/// CURLOPT_HEADERFUNCTION
func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context = unsafe context, count > 0 else { return count }
    let exchange = unsafe Unmanaged<CurlExchange>.fromOpaque(context).takeUnretainedValue()
    return unsafe exchange.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
}

/// CURLOPT_PREREQFUNCTION
func beginSending(
    _ context: UnsafeMutableRawPointer?, _: UnsafeMutablePointer<CChar>?, _: UnsafeMutablePointer<CChar>?, _: Int32,
    _: Int32
) -> Int32 {
    guard let context = unsafe context else { return CURL_PREREQFUNC_ABORT }
    let exchange = unsafe Unmanaged<CurlExchange>.fromOpaque(context).takeUnretainedValue()
    return exchange.beginSending() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
