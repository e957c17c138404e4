import Faults
import Glibc
import JournalEntries
import SystemdHost
import Testing

/// Each runs in a process of its own: systemd speaks through the environment and through fixed descriptors.
@Suite(.timeLimit(.minutes(1))) struct ServiceManagerTests {
    @Test func `passed sockets are found by name and closed on exec`() async {
        await #expect(processExitsWith: .success) {
            try passThreeSockets(named: "control:admin:install")
            let sockets = try ServiceManager.passedSockets()
            #expect(sockets == ["control": 3, "admin": 4, "install": 5])
            #expect(sockets.values.allSatisfy { fcntl($0, F_GETFD) & FD_CLOEXEC != 0 })
            #expect(getenv("LISTEN_FDS") == nil)
        }
    }

    @Test func `two sockets of one name are refused`() async {
        await #expect(processExitsWith: .success) {
            try passThreeSockets(named: "control:admin:control")
            let fault = #expect(throws: HostFault.self) { try ServiceManager.passedSockets() }
            #expect(fault?.code == .socketsUnusable)
        }
    }

    @Test func `without systemd nothing is passed and nothing told`() async {
        await #expect(processExitsWith: .success) {
            for name in ["LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_USEC"] { unsetenv(name) }
            let sockets = try ServiceManager.passedSockets()
            #expect(sockets.isEmpty)
            #expect(ServiceManager.watchdogInterval == nil)
            ServiceManager.notifyReady()
        }
    }

    @Test func `systemd is told of readiness, watchdog and stopping`() async {
        await #expect(processExitsWith: .success) {
            // An abstract address, so that no file is left.
            let name = "signet-notify-\(getpid())"
            let receiver = try boundDatagramSocket(abstract: name)
            setenv("NOTIFY_SOCKET", "@\(name)", 1)
            setenv("WATCHDOG_USEC", "2500000", 1)
            unsetenv("WATCHDOG_PID")
            ServiceManager.notifyReady()
            ServiceManager.notifyWatchdog()
            ServiceManager.notifyStopping()
            let told = try (0..<3).map { _ in try received(receiver) }
            #expect(told == ["READY=1", "WATCHDOG=1", "STOPPING=1"])
            #expect(ServiceManager.watchdogInterval == 2.5)
        }
    }

    @Test func `a log without the journal is one line on standard error`() async {
        await #expect(processExitsWith: .success) {
            unsetenv("JOURNAL_STREAM")
            var ends: [Int32] = [-1, -1]
            #expect(pipe(&ends) == 0)
            let standardError = dup(STDERR_FILENO)
            dup2(ends[1], STDERR_FILENO)
            Journal(program: "signetd").log(JournalEntry(.started, "one\ntwo", [.profile: "a"]))
            dup2(standardError, STDERR_FILENO)
            let line = try received(ends[0])
            #expect(line == "signetd: one two\n")
        }
    }
}

private func passThreeSockets(named names: String) throws {
    for number in Int32(3)...5 {
        let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(made >= 0)
        if made != number {
            try #require(dup2(made, number) == number)
            if !(3...5).contains(made) { close(made) }
        }
    }
    setenv("LISTEN_PID", "\(getpid())", 1)
    setenv("LISTEN_FDS", "3", 1)
    setenv("LISTEN_FDNAMES", names, 1)
}

private func boundDatagramSocket(abstract name: String) throws -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    try #require(descriptor >= 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = [0] + Array(name.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    try #require(bound == 0)
    return descriptor
}

private func received(_ descriptor: Int32) throws -> String {
    var buffer = [UInt8](repeating: 0, count: 512)
    let count = read(descriptor, &buffer, buffer.count)
    try #require(count >= 0)
    return String(decoding: buffer.prefix(count), as: UTF8.self)
}
