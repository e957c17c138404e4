import Synchronization

/// What other threads tell the server's loop.
final class Mailbox: Sendable {
    enum Message: Sendable {
        /// A handler has returned.
        case finished(Int)
        /// A connection has something to send, or is to be dropped.
        case changed
        /// Accept nobody any more, and end with the last connection, at the latest at this moment; calls that are being
        /// handled are cancelled, or not.
        case stop(by: ContinuousClock.Instant, cancels: Bool)
    }

    let waker: Waker
    private let messages = Mutex<[Message]>([])

    init() throws(LocalSocketFault) {
        waker = try Waker()
    }

    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        waker.wake()
    }

    /// Takes everything that was posted.
    func take() -> [Message] {
        waker.rest()
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
