import FoundationEssentials
import Glibc

/// Where a command reads and writes, so that tests can stand in its place. The rules are:
///   - Results go to standard output.
///   - Everything else goes to standard error, as "signetctl: …" and then "signetctl: hint: …": no capital at the
///     beginning, no period at the end.
///   - Colours only on a terminal, and not where NO_COLOR is set (no-color.org).
struct Console: Sendable {
    /// The one of the command that runs.
    @TaskLocal static var current = Console.process

    /// Standard output is a terminal.
    var isTerminal: Bool
    var hasColours: Bool
    /// Columns.
    var width: Int
    var now: @Sendable () -> Date
    /// Waits; throws where the command is to end instead.
    var pause: @Sendable (Duration) async throws -> Void
    var write: @Sendable (String) -> Void
    var writeError: @Sendable (String) -> Void

    /// Writes a line, or several, to standard output.
    func print(_ text: String) { write(text.hasSuffix("\n") ? text : text + "\n") }

    /// Says on standard error why a command fails.
    func report(_ failure: Failure) {
        guard let message = failure.message else { return }
        writeError("signetctl: \(printable(message))\n")
        for hint in failure.hints { writeError("signetctl: hint: \(printable(hint))\n") }
    }

    /// Ends the process.
    func end(_ status: ExitStatus) -> Never { exit(status.rawValue) }
}

extension Console {
    /// The one of this process.
    static let process = {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let environment = ProcessInfo.processInfo.environment
        let wantsColours = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        return Console(
            isTerminal: isTerminal, hasColours: isTerminal && wantsColours,
            width: isTerminal ? min(max(columns(), 60), 120) : 80, now: { Date() },
            pause: { try await Task.sleep(for: $0) },
            write: { put($0, to: STDOUT_FILENO) }, writeError: { put($0, to: STDERR_FILENO) })
    }()

    private static func columns() -> Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Unbuffered, so that steps are seen as they happen in a pipe, too.
    private static func put(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody reads any more, and there is nobody to tell.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// The text without characters that cannot be seen: what a server sent must not colour or clear a terminal, or turn
/// around what stands after it.
func printable(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: " "
                default: scalar
                }
            }))
}
