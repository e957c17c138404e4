import CSystemd
import Faults
import Glibc

/// What systemd is told, and what it hands over, when it started this process (sd_notify(3), sd_listen_fds(3)).
/// Without systemd every call does nothing and nothing was handed over.
package enum ServiceManager {
    /// The listening sockets that came with the start, by their `FileDescriptorName=`. The caller owns them; they are
    /// closed on exec. Call once, before there are other threads: it takes the variables out of the environment.
    ///
    /// Throws `.socketsUnusable` where two have the same name.
    package static func passedSockets() throws(HostFault) -> [String: Int32] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe sd_listen_fds_with_names(1, &names)
        guard count >= 0 else {
            throw HostFault(.socketsUnusable, attempted: "take over the sockets from systemd", got: systemError(count))
        }
        guard count > 0, let names = unsafe names else { return [:] }
        defer { unsafe free(names) }
        var sockets: [String: Int32] = [:]
        var repeated: String?
        for index in 0..<Int(count) {
            guard let text = unsafe names[index] else { continue }
            let name = unsafe String(cString: text)
            unsafe free(text)
            if sockets.updateValue(SD_LISTEN_FDS_START + Int32(index), forKey: name) != nil { repeated = name }
        }
        guard let repeated else { return sockets }
        throw HostFault(
            .socketsUnusable, attempted: "take over the sockets from systemd",
            expected: "a FileDescriptorName= of its own for each socket", got: "'\(repeated)' twice")
    }

    /// Everything that callers need is there: `Type=notify` units count as started.
    package static func notifyReady() { unsafe sd_notify(0, "READY=1") }

    /// The process is on its way out.
    package static func notifyStopping() { unsafe sd_notify(0, "STOPPING=1") }

    /// Seconds within which `notifyWatchdog()` must be called, which is best done twice as often; nil where no
    /// watchdog waits for this process.
    package static var watchdogInterval: Double? {
        var microseconds: UInt64 = 0
        guard unsafe sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 0 else { return nil }
        return Double(microseconds) / 1_000_000
    }

    /// Still alive and well.
    package static func notifyWatchdog() { unsafe sd_notify(0, "WATCHDOG=1") }
}

/// The text with a space for each control character, so that it cannot begin a line or a field of its own.
func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
}
