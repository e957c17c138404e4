import ControlProtocol
import CurlTransport
import Faults
import FoundationEssentials
import Reports
import SCEP
import Synchronization
import TestServers

enum EndpointTarget {
    private static let entry = Result {
        let json = #"{"type":"io.signet.heartbeat.v1","time":"2026-01-01T00:00:00Z","data":{}}"#
        return try Outbox.Entry(sequence: 1, json: Array(json.utf8))
    }
    private static let answer = Mutex<[UInt8]>([])
    private static let server = Result { try PlainServer { _ in answer.withLock { $0 } } }

    static func run(_ bytes: [UInt8]) throws -> Bool {
        let server = try server.get()
        answer.withLock { $0 = bytes }
        let request = HTTPRequest(
            method: .post, url: "\(server.url)/events", body: Array("{}".utf8), contentType: Report.mediaType,
            limit: 64 * 1024, deadline: ReportSchedule.deadline)
        let answer: DeliveryAnswer
        do {
            // A transport of its own, as each run of the reporter has.
            let transport = try CurlTransport(userAgent: "signet-fuzz")
            let response = try blocking { try await transport.exchange(request) }
            try hold((100..<1000).contains(response.status), "the status is \(response.status)")
            try hold(response.body.count <= request.limit, "the body has \(response.body.count) bytes")
            answer = .status(response.status, retryAfter: response.retryAfter)
        } catch let fault as TransportFault {
            try holdPrintable("\(fault)")
            answer = .none(detail: "\(fault)")
        }
        try check(answer)
        if case .status = answer { return true }
        return false
    }

    /// Whatever was answered, the report goes, or is sent again within the limits.
    private static func check(_ answer: DeliveryAnswer) throws {
        let now = Timestamp(seconds: 1_767_225_600)
        let entry = try entry.get()
        let verdict = DeliveryVerdict(answer)
        var state = ReportState()
        for _ in 1...8 { state.conclude(verdict, of: entry, fraction: 0.5, now: now) }
        for trouble in state.troubles(now: now) { try holdPrintable(trouble.detail) }
        guard case .kept = verdict else { return try hold(state.retry == nil, "nothing waits, and it is sent again") }
        let wait = (state.retry?.at.seconds ?? 0) - now.seconds
        try hold((60...Int64(86_400 * 1.2)).contains(wait), "the next try is in \(wait) s")
    }

    static let examples: [(name: String, bytes: [UInt8])] = [
        ("accepted", "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"),
        ("busy", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 120\r\nContent-Length: 2\r\n\r\nno"),
        (
            "later",
            "HTTP/1.1 503 Later\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nAge: 1\r\n"
                + "Retry-After: Thu, 01 Jan 2026 00:10:00 GMT\r\n\r\n"
        ),
        (
            "chunked",
            "HTTP/1.1 400 Bad\r\nContent-Type: Text/Plain; charset=x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3\r\nbad\r\n0\r\nTrailer: x\r\n\r\n"
        ),
        ("interim", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"),
        ("old", "HTTP/1.0 200\n\nok"),
        ("moved", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        ("folded", "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n realm=x\r\nContent-Length: 0\r\n\r\n"),
    ].map { ($0, Array($1.utf8)) }
}
