import CLinux
import Faults
import Glibc
import Secrets
import Varlink

/// One connected client, as the server's loop keeps it. It stays until its last handler has returned, so that calls
/// whose callers have gone count against the limit too.
final class Client {
    let connection: Connection
    /// nil once the connection is closed.
    private(set) var descriptor: Descriptor?
    private let limits: ServerLimits
    private let secretParameter: String?
    private var reader: FrameReader
    private var queue: [Call] = []
    private(set) var task: Task<Void, Never>?
    /// The call that is being handled is done even if its caller does not wait for it.
    private var isOneway = false
    private var isAtEnd = false
    private var idleSince = ContinuousClock.now
    private var unsentSince: ContinuousClock.Instant?

    init(descriptor: consuming Descriptor, connection: Connection, limits: ServerLimits, secretParameter: String?) {
        self.descriptor = consume descriptor
        self.connection = connection
        self.limits = limits
        self.secretParameter = secretParameter
        reader = FrameReader(limit: limits.frameBytes)
    }

    /// Nothing is left to do: not connected, and no handler runs.
    var isDone: Bool { descriptor == nil && task == nil }

    /// The descriptor to poll; -1 where there is none.
    var number: Int32 {
        switch descriptor {
        case .some(let descriptor): descriptor.number
        case .none: -1
        }
    }

    /// What to poll the descriptor for; that the other side hung up is always told.
    var interest: Int16 {
        (wantsBytes ? Int16(POLLIN) : 0) | (connection.hasOutgoing ? Int16(POLLOUT) : 0)
    }

    /// Calls are taken one by one; while one is handled the next ones wait in the kernel.
    private var wantsBytes: Bool { task == nil && queue.isEmpty && !isAtEnd }

    /// When the client has had all the time that it is given; nil while it waits for a reply.
    var deadline: ContinuousClock.Instant? {
        guard descriptor != nil else { return nil }
        if let unsentSince { return unsentSince + limits.idle }
        return task == nil ? idleSince + limits.idle : nil
    }

    /// Acts on what `poll` said about the descriptor.
    func handle(_ events: Int16, buffer: UnsafeMutableRawBufferPointer) {
        let hasHungUp = events & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
        if wantsBytes, hasHungUp || events & Int16(POLLIN) != 0 {
            unsafe receive(into: buffer)
        } else if hasHungUp {
            close()
        }
    }

    private func receive(into buffer: UnsafeMutableRawBufferPointer) {
        do {
            guard let count = try unsafe descriptor?.receive(into: buffer) ?? nil else { return }
            defer { unsafe signet_wipe(buffer.baseAddress, count) }
            isAtEnd = count == 0
            for frame in try unsafe reader.append(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
                guard queue.count < limits.queuedCalls else { return close() }
                let secret = try secretParameter.flatMap { try frame.takeSecret(parameter: $0) }
                queue.append(try Call(frame, secret: secret))
            }
        } catch {
            // What is no Varlink cannot be answered in Varlink.
            close()
        }
    }

    /// The next call to handle, where it is its turn.
    func nextCall() -> Call? {
        guard task == nil, !queue.isEmpty, descriptor != nil else { return nil }
        let call = queue.removeFirst()
        isOneway = call.oneway
        connection.begin(call)
        return call
    }

    /// A handler runs now.
    func began(_ task: Task<Void, Never>) {
        self.task = task
    }

    /// The handler has returned.
    func finished(at now: ContinuousClock.Instant) {
        task = nil
        idleSince = now
        // Whoever called waits for a last reply that will not come: the end of the connection tells it.
        if !connection.end() { wind() }
    }

    /// Sends what can be sent, and closes what has ended.
    func flush(at now: ContinuousClock.Instant) {
        guard descriptor != nil else { return }
        do {
            let count = try descriptor.flush(connection)
            if !connection.hasOutgoing {
                unsentSince = nil
            } else if count > 0 || unsentSince == nil {
                unsentSince = now
            }
        } catch {
            return close()
        }
        let isServed = task == nil && queue.isEmpty && isAtEnd && !connection.hasOutgoing
        if isServed || connection.isClosed { close() }
    }

    /// Takes no further calls, and closes as soon as the last reply is sent.
    func wind() {
        queue = []
        isAtEnd = true
        task?.cancel()
    }

    /// Closes the connection. The handler of its call is cancelled, unless nobody was ever going to wait for it.
    func close() {
        connection.close()
        descriptor = nil
        queue = []
        if !isOneway { task?.cancel() }
    }
}

extension Descriptor? {
    fileprivate borrowing func flush(_ connection: Connection) throws -> Int {
        switch self {
        case .some(let descriptor): try connection.flush(to: descriptor)
        case .none: 0
        }
    }
}
