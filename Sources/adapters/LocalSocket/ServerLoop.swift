import CLinux
import Glibc
import Varlink

/// The one thread of a `LocalServer`: waits for the kernel and for the handlers, and owns all clients.
@safe final class ServerLoop {
    private var listener: LocalListener?
    private let limits: ServerLimits
    private let secretParameter: String?
    private let mailbox: Mailbox
    private let handler: LocalServer.Handler
    private let onChange: @Sendable (Int) -> Void
    private let executor: (any TaskExecutor)?
    private var clients: [Int: Client] = [:]
    private var nextID = 0
    private var reported = 0
    /// Not before then is a client accepted: the process has no descriptors left.
    private var pausedUntil: ContinuousClock.Instant?
    private var stopBy: ContinuousClock.Instant?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 * 1024, alignment: 16)

    init(
        listener: consuming LocalListener?, limits: ServerLimits, secretParameter: String?, mailbox: Mailbox,
        executor: (any TaskExecutor)?, handler: @escaping LocalServer.Handler,
        onChange: @escaping @Sendable (Int) -> Void
    ) {
        self.listener = consume listener
        self.limits = limits
        self.secretParameter = secretParameter
        self.mailbox = mailbox
        self.handler = handler
        self.onChange = onChange
        self.executor = executor
    }

    deinit { unsafe buffer.deallocate() }

    /// Serves until it is told to stop.
    func run() {
        while true {
            let ids = clients.keys.sorted()
            poll(ids)
            let now = ContinuousClock.now
            for message in mailbox.take() { receive(message, at: now) }
            for (id, client) in clients { advance(client, id, at: now) }
            clients = clients.filter { !$0.value.isDone }
            if clients.count != reported {
                reported = clients.count
                onChange(reported)
            }
            if let stopBy, clients.isEmpty || now >= stopBy { break }
        }
        for client in clients.values { client.close() }
        if !clients.isEmpty { onChange(0) }
    }

    private func receive(_ message: Mailbox.Message, at now: ContinuousClock.Instant) {
        switch message {
        case .finished(let id): clients[id]?.finished(at: now)
        case .changed: break
        case .stop(let moment, let cancels):
            stopBy = min(moment, stopBy ?? moment)
            listener?.remove()
            listener = nil
            if cancels { for client in clients.values { client.wind() } }
        }
    }

    private func advance(_ client: Client, _ id: Int, at now: ContinuousClock.Instant) {
        client.flush(at: now)
        if let deadline = client.deadline, deadline <= now { client.close() }
        guard let call = client.nextCall() else { return }
        let (handler, connection, mailbox) = (handler, client.connection, mailbox)
        client.began(
            Task(executorPreference: executor) {
                await handler(call, connection)
                mailbox.post(.finished(id))
            })
    }

    /// Waits for something to happen, and lets the clients act on it.
    private func poll(_ ids: [Int]) {
        let isAccepting = pausedUntil == nil && listener != nil
        var entries = [
            pollfd(fd: mailbox.waker.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isAccepting ? listener.number : -1, events: Int16(POLLIN), revents: 0),
        ]
        for id in ids {
            entries.append(pollfd(fd: clients[id]?.number ?? -1, events: clients[id]?.interest ?? 0, revents: 0))
        }
        // It fails by interruption only, and then `revents` are as they were: 0.
        _ = unsafe Glibc.poll(&entries, nfds_t(entries.count), timeout())
        for (id, entry) in zip(ids, entries.dropFirst(2)) where entry.revents != 0 {
            unsafe clients[id]?.handle(entry.revents, buffer: buffer)
        }
        if let pausedUntil, pausedUntil <= .now { self.pausedUntil = nil }
        if entries[1].revents != 0 { accept() }
    }

    /// Milliseconds to the next deadline, rounded up; -1 where there is none.
    private func timeout() -> Int32 {
        let deadlines = clients.values.compactMap(\.deadline) + [pausedUntil, stopBy].compactMap { $0 }
        return deadlines.min().map { milliseconds(until: $0) } ?? -1
    }

    private func accept() {
        // So many at once that the clients there are get their turn in between.
        for _ in 0..<16 {
            let number = signet_accept(listener.number)
            guard let descriptor = Descriptor(owning: number) else {
                if [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(errno) { pausedUntil = .now + .milliseconds(100) }
                return
            }
            guard clients.count < limits.connections else { continue }
            let mailbox = mailbox
            let connection = Connection(
                peer: PeerCredentials(of: number), unreadLimit: limits.unreadBytes, changed: { mailbox.post(.changed) })
            clients[nextID] = Client(
                descriptor: descriptor, connection: connection, limits: limits, secretParameter: secretParameter)
            nextID += 1
        }
    }
}

extension LocalListener? {
    fileprivate var number: Int32 {
        switch self {
        case .some(let listener): listener.descriptor.number
        case .none: -1
        }
    }
}

/// What `poll` takes: rounded up, so that the deadline has passed when it returns.
func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
    let left = deadline - .now
    guard left > .zero else { return 0 }
    let (seconds, attoseconds) = left.components
    guard seconds < 1_000_000 else { return Int32.max }
    return Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000) + 1
}
