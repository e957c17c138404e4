import FoundationEssentials
import SystemdHost

/// Waits for a moment of the wall clock; a clock that is set ends the wait too, and whoever waited looks anew.
@Sendable func waitOnWallClock(until date: Date) async {
    _ = await WallClock.wait(until: date)
}
