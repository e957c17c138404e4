import CLinux
import Faults
import Glibc
import Secrets
import Synchronization
import Varlink

/// One call and its replies over a connection of its own. Its methods block; `interrupt` ends them from elsewhere.
final class Exchange: Sendable {
    private let path: String
    private let request: Secret
    private let deadline: ContinuousClock.Instant?
    private let waker: Waker
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var descriptor: Descriptor?
        var reader: FrameReader
        var replies: [Reply] = []
        var isDone = false
    }

    /// - Parameter request: the message, without its NUL.
    init(
        path: String, request: Secret, frameLimit: Int, deadline: ContinuousClock.Instant?
    ) throws(LocalSocketFault) {
        self.path = path
        self.request = request
        self.deadline = deadline
        waker = try Waker()
        state = Mutex(State(reader: FrameReader(limit: frameLimit)))
    }

    /// Ends whatever waits, now and later, with `.cancelled`.
    func interrupt() { waker.wake() }

    /// The next reply, for which it sends the call first; nil after the last one.
    func next() throws -> Reply? {
        try state.withLock { state in
            guard !state.isDone else { return nil }
            // Whatever is thrown below ends the exchange.
            var ending = true
            defer {
                if ending {
                    state.isDone = true
                    state.descriptor = nil
                }
            }
            if state.descriptor == nil { state.descriptor = .some(try open()) }
            while state.replies.isEmpty { try receive(&state) }
            let reply = state.replies.removeFirst()
            ending = !reply.continues
            return reply
        }
    }

    private func open() throws(LocalSocketFault) -> Descriptor {
        let address = try SocketAddress(path: path)
        let descriptor = try localSocket()
        // connect(2) waits for room in the listener's queue, and that no poll(2) tells: the socket itself has to know
        // the deadline (SO_SNDTIMEO, unix(7)). Ten seconds are enough for any listener that lives.
        let left = max(1, min(10_000, deadline.map { milliseconds(until: $0) } ?? 10_000))
        var limit = timeval(tv_sec: Int(left / 1000), tv_usec: Int(left % 1000) * 1000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        guard unsafe setsockopt(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &limit, size) == 0,
            unsafe address.withAddress({ unsafe connect(descriptor.number, $0, $1) }) == 0
        else {
            throw .system("connect to '\(path)'")
        }
        try unsafe request.withBytes { bytes throws(LocalSocketFault) in try unsafe send(bytes, to: descriptor) }
        try unsafe withUnsafeBytes(of: UInt8(0)) { bytes throws(LocalSocketFault) in
            try unsafe send(bytes, to: descriptor)
        }
        return descriptor
    }

    private func send(_ bytes: UnsafeRawBufferPointer, to descriptor: borrowing Descriptor) throws(LocalSocketFault) {
        var sent = 0
        while sent < bytes.count {
            sent += try unsafe descriptor.send(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            if sent < bytes.count { try wait(for: Int16(POLLOUT), on: descriptor.number) }
        }
    }

    private func receive(_ state: inout State) throws {
        guard let number = state.descriptor?.number else { return }
        try wait(for: Int16(POLLIN), on: number)
        try unsafe withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer in
            guard let count = try unsafe state.descriptor?.receive(into: buffer) ?? nil else { return }
            guard count > 0 else {
                throw LocalSocketFault(.closed, attempted: "read a reply from '\(path)'", expected: "a reply")
            }
            do {
                let frames = try unsafe state.reader.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                state.replies += try frames.map { try Reply($0) }
            } catch let fault as VarlinkFault {
                throw LocalSocketFault(
                    fault.code == .frameTooLarge ? .tooLarge : .malformed,
                    attempted: "read a reply from '\(path)'", cause: fault)
            }
        }
    }

    /// Waits until the descriptor is ready or closed.
    private func wait(for events: Int16, on number: Int32) throws(LocalSocketFault) {
        var entries = [
            pollfd(fd: number, events: events, revents: 0), pollfd(fd: waker.number, events: Int16(POLLIN), revents: 0),
        ]
        while entries[0].revents == 0 {
            let count = unsafe poll(&entries, 2, deadline.map { milliseconds(until: $0) } ?? -1)
            if entries[1].revents != 0 { throw LocalSocketFault(.cancelled, attempted: "wait for '\(path)'") }
            if count == 0 { throw LocalSocketFault(.timedOut, attempted: "wait for '\(path)'") }
        }
    }
}

extension Descriptor? {
    fileprivate var number: Int32? {
        switch self {
        case .some(let descriptor): descriptor.number
        case .none: nil
        }
    }
}
