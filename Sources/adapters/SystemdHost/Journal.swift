import CSystemd
import Faults
import Glibc

/// Where a program's log goes: the journal with its fields, where standard error is connected to it, else plain lines
/// on standard error.
package struct Journal: Sendable {
    /// syslog's levels (syslog(3)); raw values are theirs.
    package enum Level: Int32, Sendable, CaseIterable {
        case error = 3
        case warning = 4
        case notice = 5
        case info = 6
        case debug = 7
    }

    private let program: String
    private let isConnected: Bool

    /// - Parameter program: the name before each line, and `SYSLOG_IDENTIFIER`.
    package init(program: String) {
        self.program = program
        isConnected = Self.isJournal(STDERR_FILENO)
    }

    /// Writes one entry. Fields have the journal's names: `A–Z`, `0–9` and `_`, beginning with a letter, at most 64;
    /// others are left out. Never throws and never waits for a reader: a log that cannot be written is lost.
    package func log(_ level: Level, _ message: String, fields: [String: String] = [:]) {
        if isConnected, send(level, message, fields) { return }
        var line = Array("\(program): \(oneLine(message))\n".utf8)
        unsafe line.withUnsafeMutableBytes { bytes in
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    private func send(_ level: Level, _ message: String, _ fields: [String: String]) -> Bool {
        var entries = ["MESSAGE=\(message)", "PRIORITY=\(level.rawValue)", "SYSLOG_IDENTIFIER=\(program)"]
        for (name, value) in fields where Self.isFieldName(name) { entries.append("\(name)=\(value)") }
        let ends = entries.reduce(into: [0]) { ends, entry in ends.append((ends.last ?? 0) + entry.utf8.count) }
        var bytes = entries.flatMap { Array($0.utf8) }
        let result = unsafe bytes.withUnsafeMutableBytes { buffer in
            let vectors = unsafe zip(ends, ends.dropFirst()).map { start, end in
                unsafe iovec(iov_base: buffer.baseAddress.map { unsafe $0 + start }, iov_len: end - start)
            }
            return unsafe sd_journal_sendv(vectors, Int32(vectors.count))
        }
        return result >= 0
    }

    /// Whether a field may have this name: those that begin with `_` are the journal's own.
    static func isFieldName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard let first = bytes.first, (0x41...0x5A).contains(first), bytes.count <= 64 else { return false }
        return bytes.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
    }

    /// `$JOURNAL_STREAM` names device and inode of the journal's socket (systemd.exec(5)); a program that was started
    /// with another standard error inherits the variable, but not the socket.
    private static func isJournal(_ descriptor: Int32) -> Bool {
        guard let stream = unsafe getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        return unsafe String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
    }
}
