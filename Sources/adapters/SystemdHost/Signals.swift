@unsafe @preconcurrency import Dispatch  // its sources may be used from any thread, but do not say Sendable
import Glibc

/// Signals as values in an asynchronous sequence.
package enum Signals {
    /// Delivers SIGTERM and SIGINT, instead of ending the process. When this returns, no such signal is lost.
    package static func termination() async -> AsyncStream<Int32> { await stream(of: [SIGTERM, SIGINT]) }

    /// Delivers SIGHUP: what the process was started with has changed. When this returns, no such signal is lost.
    package static func hangup() async -> AsyncStream<Int32> { await stream(of: [SIGHUP]) }

    /// Delivers the given signals until the stream's reader is gone.
    static func stream(of numbers: [Int32]) async -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self, bufferingPolicy: .bufferingNewest(8))
        var sources: [any DispatchSourceSignal] = []
        for number in numbers {
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            await withCheckedContinuation { registered in
                source.setRegistrationHandler { registered.resume() }
                source.activate()
            }
            sources.append(source)
        }
        continuation.onTermination = { [sources] _ in sources.forEach { $0.cancel() } }
        return stream
    }

    /// A peer that is gone ends a write with an error, not this process.
    package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}
