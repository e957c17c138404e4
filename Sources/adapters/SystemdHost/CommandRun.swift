import CSystemd
import Faults
import Glibc
import Secrets
import Synchronization

/// One run of a command, from start to reaping.
final class CommandRun: Sendable {
    private static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
    ]

    private struct Cancellation {
        var isAsked = false
        /// While the command runs: the writing end of a pipe whose other end the run polls.
        var alarm: Int32?
    }

    private let command: SecretCommand
    private let cancellation = Mutex(Cancellation())

    init(_ command: SecretCommand) { self.command = command }

    /// Ends the run, now or as soon as it begins. From any thread.
    func cancel() {
        cancellation.withLock { cancellation in
            cancellation.isAsked = true
            if let alarm = cancellation.alarm { unsafe _ = write(alarm, "!", 1) }
        }
    }

    /// Blocks until the command has ended and is reaped.
    func perform() throws(HostFault) -> Secret {
        guard command.arguments.first?.hasPrefix("/") == true else {
            throw HostFault(.commandNotStarted, attempted: command.attempted, expected: "an absolute path")
        }
        guard let alarm = Pipe(), var output = Pipe() else {
            throw HostFault(.exhausted, attempted: command.attempted, got: systemError(errno))
        }
        let isCancelled = cancellation.withLock { cancellation in
            cancellation.alarm = alarm.writing
            return cancellation.isAsked
        }
        defer { cancellation.withLock { $0.alarm = nil } }
        guard !isCancelled else { throw HostFault(.cancelled, attempted: command.attempted) }

        let process = try start(output: output.writing)
        output.closeWriting()
        var ending = Ending.failed(EMFILE)
        let secret = unsafe Secret(capacity: command.limit + 1) { target in
            guard let handle = Descriptor(owning: signet_process_open(process)) else { return 0 }
            let (count, end) = unsafe watch(handle.number, output: output.reading, alarm: alarm.reading, into: target)
            ending = end
            return count
        }
        // Before reaping: until then the number is the command's, and no stranger's.
        kill(-process, SIGKILL)
        return try judge(secret, ending, status: reap(process))
    }

    private enum Ending {
        case ended
        case cancelled
        case timedOut
        case tooLarge
        case failed(Int32)
    }

    /// Reads the output until the command ends, or is to end.
    private func watch(
        _ handle: Int32, output: Int32, alarm: Int32, into target: UnsafeMutableRawBufferPointer
    ) -> (Int, Ending) {
        let end = ContinuousClock.now + .seconds(command.deadline)
        var count = 0
        var isOpen = true
        while true {
            let rest = end - .now
            guard rest > .zero else { return (count, .timedOut) }
            let milliseconds = min(rest / .milliseconds(1), 60_000).rounded(.up)
            var polled = [
                pollfd(fd: alarm, events: Int16(POLLIN), revents: 0),
                pollfd(fd: handle, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen ? output : -1, events: Int16(POLLIN), revents: 0),
            ]
            let ready = unsafe poll(&polled, nfds_t(polled.count), Int32(milliseconds))
            if ready < 0, errno != EINTR { return (count, .failed(errno)) }
            guard ready > 0 else { continue }
            if polled[0].revents != 0 { return (count, .cancelled) }
            // What was written before the end is in the pipe: read first, and end when nothing is left.
            if polled[2].revents != 0 {
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: target[count...])
                let got = unsafe read(output, room.baseAddress, room.count)
                if got < 0, errno != EINTR, errno != EAGAIN { return (count, .failed(errno)) }
                if got == 0 { isOpen = false }
                count += max(got, 0)
                if count > command.limit { return (count, .tooLarge) }
            } else if polled[1].revents != 0 {
                return (count, .ended)
            }
        }
    }

    private func judge(_ secret: Secret, _ ending: Ending, status: Int32) throws(HostFault) -> Secret {
        let attempted = command.attempted
        switch ending {
        case .ended: break
        case .cancelled: throw HostFault(.cancelled, attempted: attempted)
        case .timedOut:
            throw HostFault(
                .commandTimedOut, attempted: attempted, expected: "an end within \(Int(command.deadline)) s")
        case .tooLarge:
            throw HostFault(.tooLarge, attempted: attempted, expected: "at most \(command.limit) bytes of output")
        case .failed(let number):
            throw HostFault(.exhausted, attempted: attempted, got: systemError(number))
        }
        guard status != 0 else { return secret }
        let signal = status & 0x7F
        throw HostFault(
            .commandFailed, attempted: attempted, expected: "exit status 0; run it by hand to see what it says",
            got: signal == 0 ? "exit status \((status >> 8) & 0xFF)" : "an end by signal \(signal)")
    }

    private func start(output: Int32) throws(HostFault) -> pid_t {
        var process: pid_t = 0
        let failed = unsafe withCStrings(command.arguments) { arguments in
            unsafe withCStrings(Self.environment) { environment in
                unsafe signet_spawn(&process, output, arguments, environment)
            }
        }
        guard failed == 0 else {
            throw HostFault(
                .commandNotStarted, attempted: command.attempted,
                expected: "a program that this user may run, and that AppArmor lets it run (signetd(8))",
                got: systemError(failed))
        }
        return process
    }

    private func reap(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }
}

/// Lends strings as a NULL-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let bytes = strings.flatMap { Array($0.utf8CString) }
    let starts = strings.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.utf8CString.count) }.dropLast()
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        let pointers = unsafe starts.map { start in unsafe buffer.baseAddress.map { unsafe $0 + start } } + [nil]
        return unsafe body(pointers)
    }
}
