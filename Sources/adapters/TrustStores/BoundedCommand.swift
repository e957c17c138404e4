import Faults
import Glibc
import Installation

/// A command that runs in a clean environment, without input, and is killed with all its children at its deadline.
struct BoundedCommand: Sendable {
    /// Most bytes of output that are kept, for a fault.
    private static let outputLimit = 4096
    private static let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]

    private let arguments: [String]
    private let deadline: Double

    init(_ arguments: [String], deadline: Double) {
        self.arguments = arguments
        self.deadline = deadline
    }

    /// Blocks until the command has ended. Throws `.trustStoreFailed` with the end of its output.
    func run(adding more: [String]) throws(InstallationFault) {
        let attempted = "run '\((arguments.drop { $0.hasPrefix("/bin/sh") || !$0.hasPrefix("/") }).first ?? "")'"
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw fault(attempted, got: "errno \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        defer { _ = close(ends[0]) }
        let (process, failure) = spawn(arguments + more, output: ends[1])
        _ = close(ends[1])
        guard failure == 0 else { throw fault(attempted, got: "errno \(failure)") }
        let (status, output) = watch(process, output: ends[0])
        let said = String(decoding: output, as: UTF8.self)
        guard let status else {
            throw fault(attempted, expected: "an end within \(Int(deadline)) s", got: "none; it said '\(said)'")
        }
        guard status == 0 else { throw fault(attempted, got: "wait status \(status); it said '\(said)'") }
    }

    /// Reads output until the command is reaped; nil for a status where the deadline came first.
    private func watch(_ process: pid_t, output: Int32) -> (status: Int32?, output: [UInt8]) {
        let end = ContinuousClock.now + .seconds(deadline)
        var kept: [UInt8] = []
        var isOpen = true
        var status: Int32 = 0
        while ContinuousClock.now < end {
            var polled = pollfd(fd: isOpen ? output : -1, events: Int16(POLLIN), revents: 0)
            // Its end is looked for between: a child that it left behind may hold the pipe open.
            _ = unsafe poll(&polled, 1, isOpen ? 50 : 5)
            if isOpen, polled.revents != 0 { isOpen = read(output, into: &kept) }
            if unsafe waitpid(process, &status, WNOHANG) == process {
                while isOpen, read(output, into: &kept, untilEmpty: true) {}
                return (status, kept)
            }
        }
        kill(-process, SIGKILL)
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return (nil, kept)
    }

    /// Keeps the last bytes of what can be read now; false at the end of the stream.
    private func read(_ descriptor: Int32, into kept: inout [UInt8], untilEmpty: Bool = false) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return count < 0 && !untilEmpty && (errno == EAGAIN || errno == EINTR) }
        kept = Array((kept + buffer.prefix(count)).suffix(Self.outputLimit))
        return true
    }

    /// The new process, leader of a group of its own, or an errno.
    private func spawn(_ arguments: [String], output: Int32) -> (process: pid_t, failure: Int32) {
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        let argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        let envp = unsafe Self.environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (argv + envp).forEach { unsafe free($0) } }
        var process: pid_t = 0
        let failure = unsafe posix_spawn(&process, arguments[0], &actions, &attributes, argv, envp)
        return (process, failure)
    }

    private func fault(_ attempted: String, expected: String? = nil, got: String) -> InstallationFault {
        InstallationFault(.trustStoreFailed, attempted: attempted, expected: expected, got: got)
    }
}
