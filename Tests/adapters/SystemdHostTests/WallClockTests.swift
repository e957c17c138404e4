import Faults
import FoundationEssentials
import Glibc
import Testing

@testable import SystemdHost

@Suite(.timeLimit(.minutes(1))) struct WallClockTests {
    @Test func `a time that has passed is reached at once`() async {
        #expect(await WallClock.wait(until: Date(timeIntervalSince1970: 0)) == .reached)
        #expect(await WallClock.wait(until: .distantPast) == .reached)
        #expect(await WallClock.wait(until: Date() - 1) == .reached)
    }

    @Test func `a wait never ends before its time`() async {
        let end = Date() + 0.02
        #expect(await WallClock.wait(until: end) == .reached)
        #expect(Date() >= end - 0.000_001)
    }

    @Test func `cancelling ends a wait, begun or not`() async {
        let task = Task { await WallClock.wait(until: .distantFuture) }
        task.cancel()
        #expect(await task.value == .cancelled)
        let waiting = Task { await WallClock.wait(until: .distantFuture) }
        #expect(await WallClock.wait(until: Date() + 0.01) == .reached)
        waiting.cancel()
        #expect(await waiting.value == .cancelled)
    }

    @Test func `many waits leave no descriptor behind`() async {
        await #expect(processExitsWith: .success) {
            var few = rlimit(rlim_cur: 512, rlim_max: 512)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few) == 0)
            for _ in 0..<3000 { _ = await WallClock.wait(until: .distantPast) }
        }
    }

    @Test func `where there is no timer to be had a wait ends, but not at once`() async {
        let clock = ContinuousClock()
        let start = clock.now
        let reason = await WallClock.wait(until: .distantFuture, opening: { -EMFILE }, pause: .milliseconds(30))
        #expect(reason == .clockChanged)
        #expect(start.duration(to: clock.now) >= .milliseconds(30))
        let task = Task { await WallClock.wait(until: .distantFuture, opening: { -EMFILE }, pause: .seconds(3600)) }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test func `a signal arrives as a value`() async throws {
        let stream = await Signals.stream(of: [SIGUSR1])
        kill(getpid(), SIGUSR1)
        for await signal in stream {
            #expect(signal == SIGUSR1)
            break
        }
    }
}
