import Varlink

/// How much one listener gives to whoever connects.
package struct ServerLimits: Sendable {
    /// Connections at a time; further ones are closed at once.
    package var connections: Int
    /// Bytes of one message from a client.
    package var frameBytes: Int
    /// How long a client may take to send a whole call after it connected or got its last reply, and to take up a
    /// reply that it is being sent.
    package var idle: Duration
    /// Bytes of replies that wait for one client to read them; one that falls behind further is dropped.
    package var unreadBytes: Int
    /// Calls that one client may send ahead of their replies.
    package var queuedCalls: Int

    package init(
        connections: Int = 32, frameBytes: Int = FrameReader.defaultLimit, idle: Duration = .seconds(30),
        unreadBytes: Int = 1024 * 1024, queuedCalls: Int = 16
    ) {
        self.connections = connections
        self.frameBytes = frameBytes
        self.idle = idle
        self.unreadBytes = unreadBytes
        self.queuedCalls = queuedCalls
    }

    /// For a socket that anybody can open.
    package static let control = ServerLimits(connections: 32)
    /// For a socket that few can open.
    package static let admin = ServerLimits(connections: 8)
}
