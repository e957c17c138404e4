import CLinux
import Glibc

/// Ends another thread's `poll`: readable once `wake` has been called, until `rest` is.
final class Waker: Sendable {
    /// To poll for reading.
    let number: Int32

    init() throws(LocalSocketFault) {
        number = signet_event()
        guard number >= 0 else { throw .system("make an event descriptor") }
    }

    deinit { close(number) }

    func wake() {
        var one: UInt64 = 1
        // It only fails where the counter is full, and then the descriptor is readable anyhow.
        _ = unsafe write(number, &one, 8)
    }

    func rest() {
        var count: UInt64 = 0
        _ = unsafe read(number, &count, 8)
    }
}
