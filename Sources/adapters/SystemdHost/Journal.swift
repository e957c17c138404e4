import CSystemd
import Faults
import Glibc
package import JournalEntries

/// Where a program's log goes: the journal with its fields, where standard error is connected to it, else plain lines
/// on standard error.
package struct Journal: Sendable {
    private let program: String
    private let isConnected: Bool

    /// - Parameter program: the name before each line, and `SYSLOG_IDENTIFIER`.
    package init(program: String) {
        self.program = program
        isConnected = Self.isJournal(STDERR_FILENO)
    }

    /// Writes one entry. Never throws and never waits for a reader: a log that cannot be written is lost.
    package func log(_ entry: JournalEntry) {
        if isConnected, send(entry) { return }
        var line = Array("\(program): \(oneLine(entry.message))\n".utf8)
        unsafe line.withUnsafeMutableBytes { bytes in
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    private func send(_ entry: JournalEntry) -> Bool {
        var entries = [
            "MESSAGE=\(entry.message)", "MESSAGE_ID=\(entry.messageID)", "PRIORITY=\(entry.level.rawValue)",
            "SYSLOG_IDENTIFIER=\(program)",
        ]
        for (field, value) in entry.fields { entries.append("\(field.rawValue)=\(value)") }
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

    /// `$JOURNAL_STREAM` names device and inode of the journal's socket (systemd.exec(5)); a program that was started
    /// with another standard error inherits the variable, but not the socket.
    private static func isJournal(_ descriptor: Int32) -> Bool {
        guard let stream = unsafe getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return false }
        return unsafe String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
    }
}
