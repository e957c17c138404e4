import Dispatch
import Synchronization
package import Varlink

/// Answers Varlink calls on one listening socket.
///
/// Calls of one connection are handled in order, one at a time; connections do not wait for each other. Every limit
/// holds for this listener alone, so a crowd at one socket does not keep callers from another.
package final class LocalServer: Sendable {
    /// Carries out one call. It must send the last reply before it returns, or the connection is closed. Its task is
    /// cancelled when the caller goes away, unless the call is `oneway`.
    package typealias Handler = @Sendable (Call, Connection) async -> Void

    private let mailbox: Mailbox
    private let state = Mutex(State())

    private struct State {
        var openConnections = 0
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Begins to serve at once, and serves until `stop`.
    ///
    /// - Parameters:
    ///   - secretParameter: a parameter whose value is kept out of what is decoded (`Call.secret`).
    ///   - executor: where calls are handled; nil for the threads that all tasks share.
    ///   - onChange: told how many connections there are whenever that changes; called on the server's own thread.
    /// - Throws: `LocalSocketFault.systemCallFailed` where the process has no descriptors left.
    package init(
        _ listener: consuming LocalListener, limits: ServerLimits, secretParameter: String? = nil,
        executor: (any TaskExecutor)? = nil, onChange: @escaping @Sendable (Int) -> Void = { _ in },
        handler: @escaping Handler
    ) throws(LocalSocketFault) {
        mailbox = try Mailbox()
        // An escaping closure cannot own a value that has one owner, so the listener travels in its parts.
        let (number, path) = listener.released()
        let mailbox = mailbox
        DispatchQueue(label: "LocalServer").async { [self] in
            let loop = ServerLoop(
                listener: LocalListener(number: number, madePath: path), limits: limits,
                secretParameter: secretParameter, mailbox: mailbox, executor: executor, handler: handler,
                onChange: { [self] count in
                    state.withLock { $0.openConnections = count }
                    onChange(count)
                })
            loop.run()
            hasEnded()
        }
    }

    /// How many connections there are. One whose call is still being handled counts even if its caller has gone.
    package var openConnections: Int { state.withLock { $0.openConnections } }

    /// Accepts nobody any more, cancels the calls that are being handled, sends what replies there are, and closes.
    ///
    /// - Parameter limit: whatever has not ended by then is closed all the same.
    package func stop(within limit: Duration = .seconds(2)) async {
        await end(within: limit, cancels: true)
    }

    /// Accepts nobody any more, and returns once those who are connected have gone: whoever calls from now on finds the
    /// next process at this address.
    package func drain(within limit: Duration) async {
        await end(within: limit, cancels: false)
    }

    private func end(within limit: Duration, cancels: Bool) async {
        mailbox.post(.stop(by: .now + limit, cancels: cancels))
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiting.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func hasEnded() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.hasEnded = true
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
