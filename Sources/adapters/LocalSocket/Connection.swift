import Faults
import Synchronization
package import Varlink

/// One client of a `LocalServer`, as the handler of its calls sees it. Safe to use from any task.
package final class Connection: Sendable {
    /// Who connected.
    package let peer: PeerCredentials?
    private let unreadLimit: Int
    private let changed: @Sendable () -> Void
    private let state = Mutex(State())

    private struct State {
        var outgoing: [UInt8] = []
        /// How many bytes of `outgoing` have been sent.
        var sent = 0
        var isClosed = false
        var takesSeveral = false
        var takesNone = false
        var isAnswered = true
    }

    /// - Parameter changed: called when there is something to send, or the client is to be dropped.
    init(peer: PeerCredentials?, unreadLimit: Int, changed: @escaping @Sendable () -> Void) {
        self.peer = peer
        self.unreadLimit = unreadLimit
        self.changed = changed
    }

    /// Whether nothing can reach the client any more. The task that handles its call is cancelled then, too.
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Sends a reply to the call that is being handled; returns at once. To a `oneway` call nothing is sent.
    ///
    /// - Throws: `LocalSocketFault`: `.closed` where the client is gone or has fallen too far behind to be kept;
    ///   `.unexpectedReply` after the last reply, or for one that `continues` where the call has no `more`.
    package func reply(_ reply: Reply) throws {
        let bytes = reply.bytes
        defer { changed() }
        try state.withLock { state in
            guard !state.isClosed else {
                throw LocalSocketFault(.closed, attempted: "reply to a client", got: "a client that is gone")
            }
            guard !state.isAnswered, !reply.continues || state.takesSeveral else {
                throw LocalSocketFault(.unexpectedReply, attempted: "reply to a client")
            }
            state.isAnswered = !reply.continues
            guard !state.takesNone else { return }
            guard state.outgoing.count - state.sent + bytes.count < unreadLimit else {
                state.isClosed = true
                throw LocalSocketFault(
                    .closed, attempted: "reply to a client", expected: "at most \(unreadLimit) bytes unread",
                    got: "a client that does not read")
            }
            state.outgoing += bytes + [0]
        }
    }

    /// The same for a reply that is made of its parameters.
    package func reply(_ parameters: some Encodable = NoParameters(), continues: Bool = false) throws {
        try reply(Reply(parameters, continues: continues))
    }

    /// The same for an error, which is always the last reply.
    package func reply(_ error: VarlinkError) throws {
        try reply(Reply(error))
    }

    /// A call is about to be handled.
    func begin(_ call: Call) {
        state.withLock {
            $0.isAnswered = false
            $0.takesSeveral = call.more
            $0.takesNone = call.oneway
        }
    }

    /// The handler has returned.
    ///
    /// - Returns: whether the client has the last reply, or wants none.
    func end() -> Bool {
        state.withLock { state in
            defer { state.isAnswered = true }
            return state.isAnswered || state.takesNone
        }
    }

    func close() {
        state.withLock {
            $0.isClosed = true
            $0.outgoing = []
            $0.sent = 0
        }
    }

    /// Whether anything waits to be sent.
    var hasOutgoing: Bool { state.withLock { $0.sent < $0.outgoing.count } }

    /// Sends as much as there is room for.
    ///
    /// - Returns: how many bytes.
    func flush(to descriptor: borrowing Descriptor) throws -> Int {
        try state.withLock { state in
            guard state.sent < state.outgoing.count else { return 0 }
            let count = try unsafe state.outgoing.withUnsafeBytes { bytes in
                try unsafe descriptor.send(UnsafeRawBufferPointer(rebasing: bytes[state.sent...]))
            }
            state.sent += count
            // A client that always leaves something unread must not keep what it has read in memory.
            if state.sent == state.outgoing.count || state.sent > unreadLimit {
                state.outgoing.removeFirst(state.sent)
                state.sent = 0
            }
            return count
        }
    }
}
