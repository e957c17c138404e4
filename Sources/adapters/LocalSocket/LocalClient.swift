import Dispatch
import Faults
package import Secrets
package import Varlink

/// Calls the Varlink service at one path, over a new connection each time.
package struct LocalClient: Sendable {
    private let path: String
    private let frameLimit: Int

    /// - Parameter frameLimit: bytes of one reply.
    package init(path: String, frameLimit: Int = FrameReader.defaultLimit) {
        self.path = path
        self.frameLimit = frameLimit
    }

    /// Sends a call, and gives its replies as they come; the connection ends with the stream.
    ///
    /// - Parameter deadline: for the last reply. nil only for a call that a person watches and can interrupt.
    /// - Throws: in the stream, `LocalSocketFault`: `.unreachable`, `.notPermitted`, `.timedOut`, `.closed`, `.tooLarge`,
    ///   `.malformed`, `.pathTooLong`, `.cancelled`.
    package func call(
        _ call: Call, deadline: ContinuousClock.Instant?
    ) -> AsyncThrowingStream<Reply, any Error> {
        send(unsafe call.bytes.withUnsafeBytes { unsafe Secret(copying: $0) }, deadline: deadline)
    }

    /// The same for a message that is made already, without its NUL, because there is a secret in it.
    package func send(
        _ message: Secret, deadline: ContinuousClock.Instant?
    ) -> AsyncThrowingStream<Reply, any Error> {
        let exchange = Result { [path, frameLimit] () throws(LocalSocketFault) in
            try Exchange(path: path, request: message, frameLimit: frameLimit, deadline: deadline)
        }
        // Waiting blocks a thread, which must be none of those that all tasks share.
        let queue = DispatchQueue(label: "LocalClient")
        return AsyncThrowingStream(unfolding: {
            let exchange = try exchange.get()
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    queue.async { continuation.resume(with: Result { try exchange.next() }) }
                }
            } onCancel: {
                exchange.interrupt()
            }
        })
    }

    /// Sends a call, and answers with its last reply.
    package func lastReply(to call: Call, within limit: Duration) async throws -> Reply {
        try await last(of: self.call(call, deadline: .now + limit))
    }

    /// The same for a message that is made already.
    package func lastReply(to message: Secret, within limit: Duration) async throws -> Reply {
        try await last(of: send(message, deadline: .now + limit))
    }

    private func last(of replies: AsyncThrowingStream<Reply, any Error>) async throws -> Reply {
        var last: Reply?
        for try await reply in replies { last = reply }
        guard let last else { throw LocalSocketFault(.closed, attempted: "read a reply from '\(path)'") }
        return last
    }
}
