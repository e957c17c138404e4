import CSystemd
@unsafe @preconcurrency import Dispatch  // its sources may be used from any thread, but do not say Sendable
import Faults
package import FoundationEssentials
import Glibc
import Synchronization

/// Why a wait ended.
package enum WakeReason: Sendable, Equatable {
    /// The time has come.
    case reached
    /// Somebody set the clock, or the machine woke with another time, or nobody could tell: whatever was planned is to
    /// be planned anew.
    case clockChanged
    /// The task was cancelled.
    case cancelled
}

/// Waits by the clock on the wall, which may jump: after a suspend or a first synchronisation, time is what it is then.
package enum WallClock {
    /// Waits until a point in time, at once where it has passed. Holds no thread.
    ///
    /// Where the kernel has no timer left it is asked again every few seconds: callers look at the clock when this
    /// returns and wait anew, and must neither miss the moment nor do so without a pause.
    package static func wait(until date: Date) async -> WakeReason {
        await wait(until: date, opening: signet_wall_timer_open, pause: .seconds(5))
    }

    /// The same, with what opens a timer, and the pause after it could not.
    static func wait(until date: Date, opening open: () -> Int32, pause: Duration) async -> WakeReason {
        let waiter: WallTimer
        do throws(HostFault) {
            waiter = try WallTimer(firingAt: date, opening: open)
        } catch {
            guard (try? await Task.sleep(for: pause)) != nil else { return .cancelled }
            return .clockChanged
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter.begin($0) }
        } onCancel: {
            waiter.end(.cancelled)
        }
    }
}

/// One armed timer of the kernel, and whoever waits for it.
private final class WallTimer: Sendable {
    private enum State {
        case armed
        case awaited(CheckedContinuation<WakeReason, Never>)
        case ended(WakeReason)
    }

    private let state = Mutex(State.armed)
    private let source: any DispatchSourceRead

    init(firingAt date: Date, opening open: () -> Int32) throws(HostFault) {
        let timer = open()
        guard timer >= 0 else {
            throw HostFault(.exhausted, attempted: "open a wall-clock timer", got: systemError(timer))
        }
        // From 1970 (0 would disarm the timer) to the year 9999.
        let seconds = min(max(date.timeIntervalSince1970, 1), 253_402_300_799)
        let whole = seconds.rounded(.down)
        let failed = signet_wall_timer_set(timer, Int64(whole), Int64((seconds - whole) * 1e9))
        source = DispatchSource.makeReadSource(fileDescriptor: timer, queue: .global())
        source.setCancelHandler { close(timer) }
        source.setEventHandler { [self] in
            switch signet_wall_timer_read(timer) {
            case 0: break
            case 1: end(.reached)
            default: end(.clockChanged)
            }
        }
        source.activate()
        guard failed == 0 else {
            source.cancel()
            throw HostFault(.exhausted, attempted: "set a wall-clock timer", got: systemError(failed))
        }
    }

    func begin(_ continuation: CheckedContinuation<WakeReason, Never>) {
        let reason: WakeReason? = state.withLock { state in
            if case .ended(let reason) = state { return reason }
            state = .awaited(continuation)
            return nil
        }
        if let reason { continuation.resume(returning: reason) }
    }

    /// The first reason counts.
    func end(_ reason: WakeReason) {
        let continuation: CheckedContinuation<WakeReason, Never>? = state.withLock { state in
            defer { if case .ended = state {} else { state = .ended(reason) } }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        // Also lets go of the handler, which holds this object.
        source.cancel()
        continuation?.resume(returning: reason)
    }
}
