import Dispatch
import FoundationEssentials
import Glibc
import SystemdHost

/// Waits for a moment of the wall clock; a clock that is set ends the wait too, and whoever waited looks anew.
@Sendable func waitOnWallClock(until date: Date) async {
    _ = try? await WallClock.wait(until: date)
}

/// Ends the process at the latest after so many seconds, whatever is still running. Nothing is lost by it: everything
/// that matters is on disk before it matters in memory.
func endForCertain(after seconds: Double) {
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { _exit(0) }
}
